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
}
