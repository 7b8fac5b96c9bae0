import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("Streams between two processes")
struct StreamTests {
  @Test("millions of messages of every size arrive in order and whole", arguments: [4096, 16384])
  func everySize(capacity: Int) throws {
    let count = isVerifying ? 10_000_000 : 2_500_000
    let directory = try TemporaryDirectory()
    let sender = try Peer(directory: directory.path)
    let receiver = try Peer(directory: directory.path)
    let seed = makeSeed("everySize(\(capacity))")
    let stream = "0 \(count) \(seed) 0 \(capacity - 8)"
    for (peer, end) in [(sender, "sender"), (receiver, "receiver")] {
      #expect(try peer.ask("open stream \(capacity)") == "ok")
      #expect(try peer.ask(end) == "ok")
    }
    try sender.tell("send \(stream)")
    try receiver.tell("receive \(stream)")
    #expect(try sender.reply(to: "send") == "ok")
    #expect(try receiver.reply(to: "receive") == "received 0 \(count) all")
    #expect(try sender.ask("close sender") == "ok")
    #expect(try receiver.ask("next never") == "closed")
  }

  @Test("one receiver outlives many senders, interrupted anywhere, and misses nothing")
  func manySenders() throws {
    let count = isVerifying ? 2_000_000 : 100_000
    let directory = try TemporaryDirectory()
    // On one CPU: each is interrupted in the middle of whatever it does, and the other gets far.
    let launcher = try ["taskset", "-c", firstCPU()]
    let sender = try Peer(directory: directory.path, launcher: launcher)
    let receiver = try Peer(directory: directory.path, launcher: launcher)
    for (peer, command) in [(sender, "open c 4096"), (receiver, "open c"), (receiver, "receiver")] {
      #expect(try peer.ask(command) == "ok")
    }
    try receiver.tell("collect \(count)")
    try sender.tell("send-from-many \(count)")
    #expect(try receiver.reply(to: "collect") == "ok")
    #expect(try sender.reply(to: "send-from-many") == "ok")
  }

  /// One that this process may run on.
  private func firstCPU() throws -> String {
    let line = try readText("/proc/self/status").split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed_list:") }
    return String(line?.dropFirst(18).drop { !$0.isNumber }.prefix { $0.isNumber } ?? "0")
  }
}
