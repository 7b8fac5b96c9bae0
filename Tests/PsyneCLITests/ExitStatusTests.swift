internal import Glibc
internal import Testing

@Suite("exit status", .timeLimit(.minutes(3)))
struct ExitStatusTests {
  let name = ChannelName()
  let folder = Folder()

  @Test(
    "64 for what is wrong with the command, with words that help",
    arguments: [
      (["send"], "Missing expected argument '<uri>'"),
      (["sned", "x"], "unexpected argument"),
      (["send", "ipc:/x"], "it has no '://'; write a scheme and a name, as in ipc://sensor_data"),
      (["send", "icp://x"], "no transport for 'icp'; registered: ipc, lz4+tcp"),
      (["recv", "ipc://"], "nothing stands after '://'"),
      (["recv", "ipc://a/b"], "a name has no '/'; 'a/b' could be 'a-b'"),
      (["recv", "ipc://../x"], "does not name a channel"),
      (["recv", "x?capacitty=1MiB"], "did you mean 'capacity'?"),
      (["recv", "x?capacity=lots"], "lots"),
      (["recv", "x", "--capacity", "12QiB"], "write a number and a unit"),
      (["recv", "x", "--timeout", "5"], "write a whole number and a unit: 250ms, 5s, 2m, 1h"),
      (["recv", "x", "--type", "flots"], "Please provide one of 'bytes', 'floats' or 'text'"),
      (["recv", "x", "--count", "0"], "--count must be 1 at least"),
      (["recv", "x", "y"], "Unexpected argument 'y'"),
      (["recv", "memory://x"], "between processes, write ipc://NAME"),
      (["recv", "x", "--kind", "mpsp"], "Please provide one of 'spsc', 'mpsc'"),
      (["recv", "x", "--consumers", "2"], "which has one receiver"),
      (["send", "x", "-k", "mpsc", "--producers", "64"], "it can be 1 to 63"),
      (["stat", "x", "--watch", "0"], "--watch must be 0.01 to 86400 seconds"),
      (["stat", "--watch", "1"], "--watch needs a channel"),
      (["stat", "memory://x"], "only those can be looked at from outside"),
      (["send", "x", "-t", "floats", "-m", "6"], "no whole number of floats"),
      (["send", "x", "-t", "text", "-m", "4KiB"], "text has a message a line"),
    ])
  func usage(arguments: [String], words: String) async throws {
    try await Tool.refuses(arguments, words)
  }

  @Test("64 for messages longer than the channel, and the channel is gone")
  func messageTooLong() async throws {
    let outcome = try await Tool.run(["send", "\(name)", "--capacity", "4KiB", "-m", "4KiB"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("largest message, 4,088 bytes: use a larger --capacity"))
    name.expectNothingLeft()
  }

  @Test("66 for an input that is missing or a directory, before anything is sent")
  func noInput() async throws {
    let file = try folder.write([1], to: "in")
    for bad in [folder["missing"], folder.path] {
      let outcome = try await Tool.run(["send", "\(name)", file, bad])
      #expect(outcome.status == 66)
      #expect(outcome.errors.contains("'\(bad)'"), "\(outcome.errors)")
      name.expectNothingLeft()
    }
  }

  @Test("69 when another process has our end, with its name")
  func inUse() async throws {
    try await Tool.run(["recv", "\(name)"]) { [name] first in
      try await eventually("the first receiver is there") { name.hasReceiver }
      let second = try await Tool.run(["recv", "\(name)"])
      #expect(second.status == 69)
      #expect(second.errors.contains("is in use by process \(first) (psyne)"), "\(second.errors)")
      let sent = try await Tool.run(["send", "\(name)"], input: [1])
      #expect(sent.status == 0, "\(sent.errors)")
    }
    name.expectNothingLeft()
  }

  @Test("73 for an output that cannot be created, before the channel is")
  func cannotCreate() async throws {
    for bad in [folder["no/out"], folder.path] {
      let outcome = try await Tool.run(["recv", "\(name)", "-o", bad])
      #expect(outcome.status == 73)
      #expect(outcome.errors.hasPrefix("psyne: cannot create '\(bad)'"), "\(outcome.errors)")
      name.expectNothingLeft()
    }
  }

  @Test("74 for an output that is full, and the sender is told")
  func diskFull() async throws {
    let script = """
      "$psyne" recv \(name) -o /dev/full &
      "$psyne" send \(name) /dev/zero; echo "send $?"
      wait $!; echo "recv $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "send 69\nrecv 74\n")
    #expect(
      outcome.errors.contains("cannot write to '/dev/full': No space left on device"),
      "\(outcome.errors)")
    name.expectNothingLeft()
  }

  @Test(
    "74 for the last message too, which the sender is told was not received",
    arguments: ["", "ipc --listen", "ipc --connect", "tcp --listen", "tcp --connect"])
  func lastMessage(_ meeting: String) async throws {
    let file = try folder.write(Array("short\n".utf8), to: "in")
    let isListening = meeting.hasSuffix("--listen")
    let ends = isListening ? ("--listen", "--connect") : ("--connect", "--listen")
    let (recv, send) = meeting.isEmpty ? ("", "") : ends
    let isTCP = meeting.hasPrefix("tcp")
    let place = isTCP ? "tcp://127.0.0.1:0?resume=1h" : "ipc://\(name)"
    // Whoever listens over TCP says where.
    let script = """
      place="\(place)"
      find() {
        \(isTCP ? "" : "return")
        until grep -qs 'listening at' "\(folder["place"])"; do sleep 0.01; done
        # Nobody is to wait for somebody who comes back.
        place="$(sed -n 's/^psyne: listening at //p' "\(folder["place"])")?resume=1h"
      }
      recv() { "$psyne" recv \(recv) "$place" -o /dev/full; }
      send() { "$psyne" send \(send) "$place" "\(file)"; }
      if \(isListening); then
        { recv 2> "\(folder["place"])"; echo "recv $?"; } > "\(folder["recv"])" & find; send; echo "send $?"
      else
        { send 2> "\(folder["place"])"; echo "send $?"; } & find
        { recv 2>&1; echo "recv $?"; } > "\(folder["recv"])"
      fi
      wait; tail -n 1 "\(folder["recv"])"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "send 69\nrecv 74\n", "\(outcome.errors)")
    name.expectNothingLeft()
  }

  @Test("74 for a standard stream that is closed; nothing else gets its number")
  func closedStreams() async throws {
    let outcome = try await Tool.shell(
      """
      "$psyne" send \(name) <&-; echo "send $?"
      { "$psyne" recv \(name) <&- >&-; echo "recv $?" >&2; } 2> "\(folder["said"])"
      cat "\(folder["said"])"
      """)
    #expect(
      outcome.text.hasPrefix("send 74\npsyne: standard output is closed: "), "\(outcome.text)")
    #expect(outcome.text.hasSuffix("recv 74\n"), "\(outcome.text)")
    #expect(outcome.errors.hasPrefix("psyne: standard input is closed: "), "\(outcome.errors)")
    // Without it, a file is moved all the same.
    let file = try folder.write(Array(0..<100), to: "in")
    let moved = try await Tool.shell(
      """
      "$psyne" recv \(name) -o "\(folder["out"])" <&- >&- & "$psyne" send \(name) "\(file)" <&- >&-
      wait $!
      """)
    #expect(moved.status == 0, "\(moved.errors)")
    #expect(try folder.read("out") == Array(0..<100))
    name.expectNothingLeft()
  }

  @Test("73 where no file may be so large, and not by a signal")
  func fileLimit() async throws {
    let outcome = try await Tool.shell("ulimit -f 100; exec \"$psyne\" recv \(name)")
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("ulimit -f"), "\(outcome.errors)")
    name.expectNothingLeft()
  }

  @Test("75 when the other side does not come", arguments: ["send", "recv"])
  func timeout(command: String) async throws {
    let outcome = try await Tool.run([command, "\(name)", "--timeout", "50ms"], input: [1])
    #expect(outcome.status == 75)
    #expect(outcome.errors.contains("within 50ms"), "\(outcome.errors)")
    name.expectNothingLeft()
  }

  @Test("77 for a name that a symbolic link or somebody's open file has")
  func permission() async throws {
    unsafe symlink("/etc/hostname", name.segment)
    let link = try await Tool.run(["recv", "\(name)"])
    #expect(link.status == 77)
    #expect(link.errors.contains("symbolic link"), "\(link.errors)")
    unsafe unlink(name.segment)

    let file = unsafe creat(name.segment, 0o600)
    fchmod(file, 0o666)
    close(file)
    let open = try await Tool.run(["recv", "\(name)"])
    #expect(open.status == 77)
    #expect(open.errors.contains("mode is 0666"), "\(open.errors)")
    unsafe unlink(name.segment)
  }

  @Test("1 when the two sides disagree about the type or the capacity")
  func mismatch() async throws {
    try await Tool.run(["recv", "\(name)", "--type", "bytes"]) { [name] _ in
      try await eventually("the receiver is there") { name.hasReceiver }
      let type = try await Tool.run(["send", "\(name)", "--type", "floats"])
      #expect(type.status == 1)
      #expect(type.errors.contains("use one type on both sides"), "\(type.errors)")
      let capacity = try await Tool.run(["send", "\(name)", "--capacity", "64KiB"])
      #expect(capacity.status == 1)
      #expect(capacity.errors.contains("exists with a capacity of 4 MiB"), "\(capacity.errors)")
      try await Tool.run(["send", "\(name)"])
    }
    name.expectNothingLeft()
  }

  @Test("1 for a file that is no whole number of floats, before anything is sent")
  func noFloats() async throws {
    let file = try folder.write([UInt8](repeating: 0, count: 1026), to: "in")
    let outcome = try await Tool.run(["send", "\(name)", "-t", "floats", file])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("'\(file)' has 1,026 bytes, which is no multiple of 4"))
    name.expectNothingLeft()
  }

  @Test("1 for a pipe that ends within a float; the receiver hears of no orderly end")
  func brokenFloats() async throws {
    let transfer = try await Transfer(
      send: ["-t", "floats"], receive: ["-t", "floats"], on: "\(name)",
      input: [UInt8](repeating: 7, count: 100_002))
    #expect(transfer.sent.status == 1)
    #expect(transfer.sent.errors.contains("standard input has 100,002 bytes"))
    #expect(transfer.received.status == 69)
    #expect(transfer.received.errors.contains("died before it had sent everything"))
    #expect(transfer.received.output.count.isMultiple(of: 4))
  }

  @Test("1 for a line that is no UTF-8 or longer than the channel, named by its number")
  func noText() async throws {
    let binary = try await Transfer(
      send: ["-t", "text"], receive: ["-t", "text"], on: "\(name)",
      input: Array("good\n".utf8) + [0xff, 0x0a])
    #expect(binary.sent.status == 1)
    #expect(binary.sent.errors.contains("line 2 of standard input is not UTF-8"))
    #expect(binary.received.status == 69)
    #expect(binary.received.text == "good\n")

    let long = try await Transfer(
      send: ["-t", "text", "--capacity", "4KiB"], receive: ["-t", "text", "--capacity", "4KiB"],
      on: "\(name)", input: Array("\n\n".utf8) + [UInt8](repeating: 0x61, count: 200_000))
    #expect(long.sent.status == 1)
    #expect(long.sent.errors.contains("line 3 of standard input is longer"), "\(long.sent.errors)")
    #expect(long.received.text == "\n\n")
  }

  @Test("0 when the reader of our output goes away, without a word")
  func closedPipe() async throws {
    let script = """
      { "$psyne" recv \(name); echo "recv $?" >&2; } | head -c 1 &
      "$psyne" send \(name) /dev/zero 2>/dev/null; echo "send $?" >&2
      wait
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.output == [0])
    #expect(Set(outcome.errors.split(separator: "\n")) == ["recv 0", "send 69"])
    name.expectNothingLeft()
  }
}
