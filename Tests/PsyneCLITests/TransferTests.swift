internal import Testing

@Suite("send and recv", .timeLimit(.minutes(3)))
struct TransferTests {
  let name = ChannelName()
  let folder = Folder()

  @Test("several MiB of a real file arrive as they are", arguments: ["bytes", "floats"])
  func realFile(type: String) async throws {
    // The tool itself, as long as it is a whole number of floats.
    let program = try Folder.read(Tool.path)
    let bytes = Array(program[..<min(program.count & ~3, 8 << 20)])
    #expect(bytes.count > 2 << 20)
    let file = try folder.write(bytes, to: "in")
    let transfer = try await Transfer(
      send: ["--type", type, file], receive: ["--type", type, "-o", folder["out"]],
      on: "\(name)")
    transfer.expectSuccess()
    // Compared outside of the macro, which would print millions of bytes.
    let isEqual = try folder.read("out") == bytes
    #expect(isEqual)
    name.expectNothingLeft()
  }

  @Test("a real text arrives line by line as it is")
  func realText() async throws {
    // The tool's own help, many times.
    let help = try await Tool.run(["help", "send"])
    let text = Array(repeatElement(help.output, count: 1000).joined())
    #expect(text.count > 2 << 20)
    let transfer = try await Transfer(
      send: ["-t", "text"], receive: ["-t", "text"], on: "\(name)", input: text)
    transfer.expectSuccess()
    let isEqual = transfer.received.output == text
    #expect(isEqual)
    name.expectNothingLeft()
  }

  @Test("standard input goes to standard output, whatever the bytes are")
  func pipes() async throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    let transfer = try await Transfer(send: [], receive: [], on: "\(name)", input: bytes)
    transfer.expectSuccess()
    let isEqual = transfer.received.output == bytes
    #expect(isEqual)
  }

  @Test("files are sent one after the other, and '-' is standard input")
  func severalFiles() async throws {
    let one = try folder.write(Array("one,".utf8), to: "in")
    let more = try folder.write(Array("two.".utf8), to: "more")
    let transfer = try await Transfer(
      send: [one, "-", more], receive: [], on: "\(name)", input: Array("between,".utf8))
    transfer.expectSuccess()
    #expect(transfer.received.text == "one,between,two.")
  }

  @Test("nothing arrives as nothing", arguments: ["bytes", "floats", "text"])
  func nothing(type: String) async throws {
    let empty = try folder.write([], to: "in")
    let transfer = try await Transfer(
      send: ["-t", type, empty], receive: ["-t", type, "-o", folder["out"]], on: "\(name)")
    transfer.expectSuccess()
    #expect(try folder.read("out") == [])
    name.expectNothingLeft()
  }

  @Test("a sender with nothing to send waits for its receiver all the same")
  func senderFirst() async throws {
    let sent = try await Tool.run(["send", "\(name)"]) { [name] _ in
      try await eventually("the sender is there") { name.hasSender }
      let received = try await Tool.run(["recv", "\(name)"])
      #expect(received.status == 0, "\(received.errors)")
      #expect(received.output == [])
    }
    #expect(sent.status == 0, "\(sent.errors)")
    name.expectNothingLeft()
  }

  @Test("a channel smaller than the input carries it all", arguments: ["4KiB", "64KiB"])
  func smallChannel(capacity: String) async throws {
    let bytes = [UInt8](repeating: 0x5a, count: 1 << 20)
    let transfer = try await Transfer(
      send: ["--capacity", capacity], receive: ["--capacity", capacity], on: "\(name)",
      input: bytes)
    transfer.expectSuccess()
    let isEqual = transfer.received.output == bytes
    #expect(isEqual)
  }

  @Test("a capacity in the address is as good as one in an option, and a bare name is one of ipc")
  func address() async throws {
    async let received = Tool.run(["recv", "\(name)?capacity=64KiB"])
    let sent = try await Tool.run(
      ["send", "ipc://\(name)", "--capacity", "64KiB"], input: Array("hello".utf8))
    #expect(sent.status == 0, "\(sent.errors)")
    #expect(try await received.text == "hello")
  }
}

@Suite("messages", .timeLimit(.minutes(3)))
struct MessageTests {
  let name = ChannelName()
  let folder = Folder()

  @Test("--message-size makes every message so long, but for the last")
  func messageSize() async throws {
    // Counted messages tell how long they are.
    let transfer = try await Transfer(
      send: ["--message-size", "1KiB"], receive: ["-n", "3"], on: "\(name)",
      input: [UInt8](repeating: 1, count: 2500))
    transfer.expectSuccess()
    #expect(transfer.received.output.count == 2500)
  }

  @Test("send --count sends so many messages and no more")
  func sendCount() async throws {
    let transfer = try await Transfer(
      send: ["-m", "10B", "--count", "3"], receive: [], on: "\(name)",
      input: Array(0..<100))
    transfer.expectSuccess()
    #expect(transfer.received.output == Array(0..<30))
  }

  @Test("recv --count ends after so many messages, and the sender is told")
  func receiveCount() async throws {
    let transfer = try await Transfer(
      send: ["-m", "10B"], receive: ["--count", "3"], on: "\(name)", input: Array(0..<100))
    #expect(transfer.received.status == 0, "\(transfer.received.errors)")
    #expect(transfer.received.output == Array(0..<30))
    #expect(transfer.sent.status == 69)
    #expect(
      transfer.sent.errors == "psyne: the receiver left before it had read everything\n")
    name.expectNothingLeft()
  }

  @Test("a line is a message: empty ones, long ones, and a last one without an end")
  func lines() async throws {
    let long = String(repeating: "λ", count: 100_000)
    let text = "first\n\n\(long)\r\n  \nlast"
    let all = try await Transfer(
      send: ["-t", "text"], receive: ["-t", "text"], on: "\(name)", input: Array(text.utf8))
    all.expectSuccess()
    #expect(all.received.text == text + "\n")

    let some = try await Transfer(
      send: ["-t", "text", "-n", "3"], receive: ["-t", "text"], on: "\(ChannelName())",
      input: Array(text.utf8))
    some.expectSuccess()
    #expect(some.received.text == "first\n\n\(long)\r\n")
  }

  @Test("a line reaches the other side when it is written, not when the input ends")
  func live() async throws {
    let script = """
      mkfifo "\(folder["in"])"
      "$psyne" recv \(name) -t text > "\(folder["out"])" &
      { echo one; while ! grep -q one "\(folder["out"])"; do sleep 0.01; done; echo two; } |
        "$psyne" send \(name) -t text && wait
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try folder.read("out") == Array("one\ntwo\n".utf8))
  }
}
