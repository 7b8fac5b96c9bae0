internal import Glibc
internal import Testing

@Suite("connections that cannot be had, or end before their time", .timeLimit(.minutes(3)))
struct ConnectionFailureTests {
  let name = ChannelName()
  let folder = Folder()

  @Test(
    "64 for what is wrong with the command, with words that help",
    arguments: [
      (["recv", "tcp://127.0.0.1:9"], "say --listen on the one, and --connect on the other"),
      (["send", "tcp://127.0.0.1:9"], "say --listen on the one, and --connect on the other"),
      (["recv", "--connect", "tcp://127.0.0.1"], "the port is missing; write 127.0.0.1:PORT"),
      (["recv", "--listen", "tcp://127.0.0.1:70000"], "'70000' is no port"),
      (["recv", "--listen", "tcp://127.0.0.1:0/x"], "a '/x' means nothing here"),
      (["recv", "--connect", "tcp://127.0.0.1:0"], "port 0, which is for listening"),
      (["send", "--connect", "tcp://:9"], "the host is missing"),
      (["send", "--connect", "tcp://h:9?keepaliv=1s"], "did you mean 'keepalive'?"),
      (["send", "--connect", "tcpp://h:9"], "did you mean 'tcp'?"),
      (["send", "--connect", "tpc://h:9"], "did you mean 'tcp'?"),
      (["recv", "--listen", "memory://x"], "between processes, write ipc://NAME"),
      (["recv", "--lissten", "x"], "Did you mean '--listen'?"),
      (["recv", "--listen", "--connect", "x"], "--listen and --connect exclude each other"),
      (["recv", "--listen", "x", "--kind", "mpsc"], "--kind is for channels that both sides open"),
      (["send", "--connect", "x", "--consumers", "2"], "it means nothing with --connect"),
      (["recv", "--keep", "x"], "--keep is for --listen"),
      (["recv", "--connect", "--keep", "x"], "--keep is for --listen"),
      (["send", "x", "--to", "all"], "--to is for --listen"),
      (["send", "--connect", "x", "--receivers", "2"], "--receivers is for --listen"),
      (["send", "--listen", "x", "--receivers", "0"], "--receivers must be 1 at least"),
      (["send", "--listen", "x", "--to", "some"], "Please provide one of 'free' and 'all'"),
    ])
  func usage(arguments: [String], words: String) async throws {
    try await Tool.refuses(arguments, words)
  }

  @Test("68 for a host that nobody knows, at once")
  func unknownHost() async throws {
    let outcome = try await Tool.run(["send", "--connect", "tcp://no-such-host.invalid:9"])
    #expect(outcome.status == 68)
    #expect(outcome.errors.contains("the host 'no-such-host.invalid' is not found"))
  }

  @Test("69 for a port that somebody else listens at")
  func portInUse() async throws {
    let script = """
      status="\(folder["status"])"
      "$psyne" recv --listen tcp://127.0.0.1:0 2> "$status" & first=$!
      until grep -qs 'listening at .*[1-9]$' "$status"; do sleep 0.01; done
      address=$(sed -n 's/.*listening at //p' "$status")
      "$psyne" recv --listen "$address"; echo "second $?"
      "$psyne" send --connect "$address" < /dev/null; wait $first; echo "first $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "second 69\nfirst 0\n")
    #expect(outcome.errors.contains("another program listens there"), "\(outcome.errors)")
  }

  @Test("75 when nobody answers or comes", arguments: ["send", "recv"], ["--listen", "--connect"])
  func timeout(command: String, flag: String) async throws {
    // At port 1 nobody listens who is not the system's.
    let address = flag == "--listen" ? "tcp://127.0.0.1:0" : "tcp://127.0.0.1:1"
    let outcome = try await Tool.run(
      [command, flag, address, "--timeout", "100ms"], input: [1])
    #expect(outcome.status == 75)
    #expect(
      outcome.errors.contains(
        flag == "--listen" ? "within 100ms" : "nobody answers at 127.0.0.1:1: "),
      "\(outcome.errors)")
  }

  @Test("75 where somebody listens who hangs up, however short resume is")
  func hangingUp() async throws {
    let door = try Door()
    let outcome = try await Tool.run(
      ["send", "--connect", "tcp://127.0.0.1:\(door.port)?resume=50ms", "--timeout", "2s"]
    ) { _ in
      try await eventually("it has come") { door.turnsOneAway() }
    }
    #expect(outcome.status == 75)
    #expect(outcome.errors.contains("within 2s"), "\(outcome.errors)")
  }

  @Test("where no time is given it comes again for ever")
  func persistent() async throws {
    let door = try Door()
    let outcome = try await Tool.run(
      ["send", "--connect", "tcp://127.0.0.1:\(door.port)?resume=1ms"]
    ) { process in
      for round in 1...6 {
        try await eventually("it has come, round \(round)") { door.turnsOneAway() }
      }
      kill(process, SIGTERM)
    }
    // It had no connection, of which there would be something to clean up.
    #expect(outcome.status == 128 + SIGTERM, "\(outcome.errors)")
    #expect(outcome.errors == "")
  }

  @Test("75 where no time is given, with a reason")
  func noTime() async throws {
    let outcome = try await Tool.run(["send", "--connect", "tcp://127.0.0.1:1", "--timeout", "0s"])
    #expect(outcome.status == 75)
    #expect(outcome.errors == "psyne: nobody answers at 127.0.0.1:1: no time was left to try\n")
  }

  @Test("1 when the two sides send different types")
  func mismatch() async throws {
    let outcome = try await run(
      listener: "recv -t text", connector: #"send "$address" -t floats"#,
      beside: """
        wait $connector; echo "connector $?"
        kill -TERM $listener; wait $listener; echo "listener $?"
        """)
    #expect(outcome.text == "connector 1\nlistener 143\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("use one type on both sides"), "\(outcome.errors)")
  }

  @Test(
    "69 for the side that is left when the other one is killed, which it is told",
    arguments: [
      (#"recv -o "$out""#, #"send "$address" /dev/zero"#),
      (#"send /dev/zero"#, #"recv "$address" -o "$out""#),
    ], ["listener", "connector"])
  func killed(sides: (listener: String, connector: String), victim: String) async throws {
    let survivor = victim == "listener" ? "connector" : "listener"
    let outcome = try await run(
      listener: sides.listener, connector: sides.connector,
      beside: """
        until [ "$(wc -c < "$out")" -gt 1000000 ]; do sleep 0.01; done
        kill -KILL $\(victim)
        wait $\(survivor); echo "\(survivor) $?"
        wait $\(victim)
        """)
    #expect(outcome.text == "\(survivor) 69\n", "\(outcome.errors)")
    let errors =
      survivor == "connector"
      ? outcome.errors : String(decoding: try folder.read("status"), as: UTF8.self)
    #expect(errors.contains("is interrupted, and waited for"), "\(errors)")
    #expect(errors.contains("was not restored within 300ms"), "\(errors)")
    #expect(folder.size(of: "out").isMultiple(of: 64 << 10))
  }

  @Test(
    "69 at once for who is connected to a listener that a signal ends, which tells it",
    arguments: [
      (#"recv -o "$out""#, #"send "$address" /dev/zero"#),
      (#"send /dev/zero"#, #"recv "$address" -o "$out""#),
    ], ["TERM", "HUP"])
  func interrupted(sides: (listener: String, connector: String), signal: String) async throws {
    let outcome = try await run(
      listener: sides.listener, connector: sides.connector, options: "?resume=1h",
      beside: """
        until [ "$(wc -c < "$out")" -gt 1000000 ]; do sleep 0.01; done
        kill -\(signal) $listener
        wait $connector; echo "connector $?"
        wait $listener; echo "listener $?"
        """)
    let status = signal == "TERM" ? 143 : 129
    #expect(outcome.text == "connector 69\nlistener \(status)\n", "\(outcome.errors)")
    #expect(outcome.errors.contains(farewell), "\(outcome.errors)")
    #expect(!outcome.errors.contains("interrupted"), "\(outcome.errors)")
    let told = String(decoding: try folder.read("status"), as: UTF8.self)
    #expect(told.split(separator: "\n").count == 1, "\(told)")
  }

  @Test("a connector that a signal ends tells its listener, though much is under way to it")
  func busyConnector() async throws {
    let outcome = try await run(
      listener: #"recv -o "$out""#, connector: #"send "$address" /dev/zero"#,
      options: "?resume=1h&sndbuf=8KiB",
      beside: """
        until [ "$(wc -c < "$out")" -gt 1000000 ]; do sleep 0.01; done
        kill -TERM $connector
        wait $connector; echo "connector $?"
        wait $listener; echo "listener $?"
        """)
    #expect(outcome.text == "connector 143\nlistener 69\n", "\(outcome.errors)")
    let told = String(decoding: try folder.read("status"), as: UTF8.self)
    #expect(told.contains(farewell) && !told.contains("interrupted"), "\(told)")
  }

  private let farewell =
    "the other side says: it has left without closing the connection, and will not be back"

  @Test("a sender that listens and fails tells those who are connected")
  func failing() async throws {
    // The second line is no text.
    let input = try folder.write([0x61, 0x0a, 0xff, 0x0a], to: "in")
    let outcome = try await run(
      listener: "send -t text \(input)", connector: #"recv "$address" -t text -o "$out""#,
      options: "?resume=1h",
      beside: "wait $connector; echo \"recv $?\"; wait $listener; echo \"send $?\"")
    #expect(outcome.text == "recv 69\nsend 1\n", "\(outcome.errors)")
    #expect(outcome.errors.contains(farewell), "\(outcome.errors)")
  }

  @Test("recv --connect --count ends in order, and the sender that listens is told")
  func countOfConnector() async throws {
    let outcome = try await run(
      listener: "send /dev/zero -m 1000", connector: #"recv "$address" -n 3 -o "$out""#,
      beside: "wait $connector; echo \"recv $?\"; wait $listener; echo \"send $?\"")
    #expect(outcome.text == "recv 0\nsend 69\n", "\(outcome.errors)")
    #expect(folder.size(of: "out") == 3000)
    let errors = String(decoding: try folder.read("status"), as: UTF8.self)
    #expect(errors.contains("the receivers left before they had read everything"), "\(errors)")
  }

  @Test("recv --listen --count ends in order, and the senders are told")
  func countOfListener() async throws {
    let outcome = try await run(
      listener: #"recv -n 3 -o "$out""#, connector: #"send "$address" /dev/zero -m 1000"#,
      beside: "wait $connector; echo \"send $?\"; wait $listener; echo \"recv $?\"")
    #expect(outcome.text == "send 69\nrecv 0\n", "\(outcome.errors)")
    let told = outcome.errors.split(separator: "\n")
    #expect(told.last == "psyne: the receiver left before it had read everything")
    // How many were not is said too, unless it ends before it has heard that.
    #expect(told.dropLast().allSatisfy { $0.contains("sent and not confirmed to be read") })
    #expect(folder.size(of: "out") == 3000)
  }

  /// Starts both sides; `beside` finds them as `$listener` and `$connector`.
  private func run(
    listener: String, connector: String, options: String = "?resume=300ms",
    beside script: String
  ) async throws -> Outcome {
    try await Tool.shell(
      """
      status="\(folder["status"])"; out="\(folder["out"])"; : > "$out"
      "$psyne" \(listener.split(separator: " ", maxSplits: 1).first ?? "") --listen \
        "tcp://127.0.0.1:0\(options)" \
        \(listener.split(separator: " ", maxSplits: 1).dropFirst().first ?? "") 2> "$status" & listener=$!
      until grep -qs 'listening at .*[1-9]$' "$status"; do sleep 0.01; done
      address=$(sed -n 's/.*listening at //p' "$status")"\(options)"
      "$psyne" \(connector) --connect & connector=$!
      \(script)
      """)
  }
}

/// A socket that listens and says nothing.
private final class Door: Sendable {
  private let socket: Int32
  let port: UInt16

  init() throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = socket
    let listens = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(socket, address, size) == 0 && listen(socket, 8) == 0
          && getsockname(socket, address, &size) == 0
      }
    }
    try #require(listens)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(socket) }

  /// Hangs up on one that has come; false if nobody has.
  func turnsOneAway() -> Bool {
    let stranger = accept(socket, nil, nil)
    return stranger >= 0 && close(stranger) == 0
  }
}
