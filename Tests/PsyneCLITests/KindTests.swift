internal import Testing

@Suite("kinds of channels", .timeLimit(.minutes(3)))
struct KindTests {
  let name = ChannelName()
  let folder = Folder()

  private static let lines = (1...5000).map(String.init)
  private var input: [UInt8] { Array(Self.lines.map { "\($0)\n" }.joined().utf8) }

  @Test(
    "one sender and one receiver of any kind",
    arguments: ["spsc", "mpsc", "spmc", "mpmc", "broadcast"])
  func everyKind(kind: String) async throws {
    let transfer = try await Transfer(
      send: ["-t", "text", "--kind", kind], receive: ["-t", "text", "--kind", kind], on: "\(name)",
      input: input)
    transfer.expectSuccess()
    let isEqual = transfer.received.output == input
    #expect(isEqual)
    name.expectNothingLeft()
  }

  @Test("what several senders send arrives at one receiver, each in its order")
  func severalSenders() async throws {
    // A third sender is there from before the first to after the last: while there is none, the
    // receiver ends.
    let script = """
      out="\(folder["out"])"
      "$psyne" recv \(name) -t text -k mpsc --producers 3 > "$out" & receiver=$!
      { echo begin
        until grep -q 'a 2000' "$out" && grep -q 'b 2000' "$out"; do sleep 0.01; done
        echo end; } | "$psyne" send \(name) -t text -k mpsc --producers 3 &
      until grep -qs begin "$out"; do sleep 0.01; done
      for sender in a b; do
        seq -f "$sender %.0f" 2000 | "$psyne" send \(name) -t text -k mpsc --producers 3 &
      done
      wait $receiver
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let text = String(decoding: try folder.read("out"), as: UTF8.self)
    let lines = text.split(separator: "\n")
    for sender in ["a", "b"] {
      let own = lines.filter { $0.hasPrefix("\(sender) ") }
      let isInOrder = own.elementsEqual((1...2000).map { "\(sender) \($0)" }) { $0 == $1 }
      #expect(isInOrder)
    }
    #expect(lines.first == "begin" && lines.last == "end" && lines.count == 4002)
    name.expectNothingLeft()
  }

  @Test("of several receivers, each message goes to one", arguments: ["spmc", "mpmc"])
  func workIsShared(kind: String) async throws {
    try await receiveTwice(kind) { one, other in
      let together = (one.text + other.text).split(separator: "\n").compactMap { Int($0) }.sorted()
      let isAll = together == Array(1...5000)
      #expect(isAll)
    }
  }

  @Test("of a broadcast, each message goes to all")
  func broadcast() async throws {
    try await receiveTwice("broadcast") { [input] one, other in
      let areAll = one.output == input && other.output == input
      #expect(areAll)
    }
  }

  private func receiveTwice(
    _ kind: String, _ check: @Sendable (Outcome, Outcome) throws -> Void
  ) async throws {
    let arguments = ["recv", "\(name)", "-t", "text", "-k", kind, "--consumers", "2"]
    async let one = Tool.run(arguments)
    async let other = Tool.run(arguments)
    try await eventually("both receivers are there") { name.receivers == 2 }
    let sent = try await Tool.run(["send", "\(name)", "-t", "text", "-k", kind], input: input)
    #expect(sent.status == 0, "\(sent.errors)")
    let outcomes = try await (one, other)
    #expect(outcomes.0.status == 0, "\(outcomes.0.errors)")
    #expect(outcomes.1.status == 0, "\(outcomes.1.errors)")
    try check(outcomes.0, outcomes.1)
    name.expectNothingLeft()
  }

  @Test("69 when one of several senders dies, after what the others still sent")
  func oneSenderDies() async throws {
    let script = """
      out="\(folder["out"])"
      mkfifo "\(folder["in"])" "\(folder["more"])"
      "$psyne" recv \(name) -t text -k mpsc > "$out" & receiver=$!
      "$psyne" send \(name) -t text -k mpsc < "\(folder["in"])" & survivor=$!
      "$psyne" send \(name) -t text -k mpsc < "\(folder["more"])" & victim=$!
      exec 3> "\(folder["in"])" 4> "\(folder["more"])"
      echo first >&3; echo dying >&4
      until grep -q dying "$out" && grep -q first "$out"; do sleep 0.01; done
      kill -KILL $victim
      echo last >&3
      exec 3>&- 4>&-
      wait $survivor || exit 1
      wait $receiver; echo "recv $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "recv 69\n")
    #expect(
      outcome.errors.contains("a sender died before it had sent everything; 14 B in 3 messages"))
    let text = String(decoding: try folder.read("out"), as: UTF8.self)
    #expect(text.split(separator: "\n").sorted() == ["dying", "first", "last"])
    name.expectNothingLeft()
  }

  @Test("1 for a broadcast's receiver that lost messages, with how many")
  func lostMessages() async throws {
    // While the receiver is stopped, all but the last few messages are given up.
    let script = """
      stat() { "$psyne" stat --json \(name) 2>/dev/null; }
      "$psyne" recv "\(name)?capacity=4KiB" -k broadcast > /dev/null & receiver=$!
      until stat | grep -q '"receivers":.{"attached":true'; do sleep 0.01; done
      kill -STOP $receiver
      head -c 1000000 /dev/zero |
        "$psyne" send "\(name)?capacity=4KiB&slow=lose" -k broadcast -m 1000 & sender=$!
      until stat | grep -q '"messages":1000,'; do sleep 0.01; done
      kill -CONT $receiver
      wait $sender; echo "send $?"
      wait $receiver; echo "recv $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "send 0\nrecv 1\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("this receiver did not keep up, and "))
    name.expectNothingLeft()
  }

  @Test("full=drop drops what has no room, says how much, and is 0")
  func dropping() async throws {
    // While the receiver is stopped, the sender has room for four messages.
    let script = """
      stat() { "$psyne" stat --json \(name) 2>/dev/null; }
      "$psyne" recv "\(name)?capacity=4KiB" > /dev/null & receiver=$!
      until stat | grep -q '"receivers":.{"attached":true'; do sleep 0.01; done
      kill -STOP $receiver
      head -c 1000000 /dev/zero | "$psyne" send "\(name)?full=drop" -m 1000 & sender=$!
      until stat | grep -q '"drops":996,'; do sleep 0.01; done
      kill -CONT $receiver
      wait $sender; echo "send $?"
      wait $receiver; echo "recv $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "send 0\nrecv 0\n")
    #expect(outcome.errors.contains("996 messages dropped: the channel was full"))
    name.expectNothingLeft()
  }

  @Test("75 for a sender that finds the channel full, with full=fail")
  func failing() async throws {
    // Without an end, into four messages of room: sooner or later there is none.
    let script = """
      "$psyne" recv "\(name)?capacity=4KiB" > /dev/null & receiver=$!
      "$psyne" send "\(name)?capacity=4KiB&full=fail" -m 1000 /dev/zero; echo "send $?"
      wait $receiver; echo "recv $?"
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "send 75\nrecv 69\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("the channel is full"), "\(outcome.errors)")
    name.expectNothingLeft()
  }
}
