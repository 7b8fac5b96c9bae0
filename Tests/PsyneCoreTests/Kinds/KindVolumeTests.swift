import PsyneCore
import Synchronization
import Testing
import Traffic

/// Every kind of channel with 1, 2 and 8 of each end: each message arrives whole, as often as it is to,
/// and in the order of its sender.
@Suite("Kinds: volume", .serialized)
struct KindVolumeTests {
  @Test("structs", arguments: TrafficShape.all)
  func items(_ shape: TrafficShape) throws { try run(ItemCargo.self, shape) }

  @Test("bytes of every length from none to the whole lane", arguments: TrafficShape.all)
  func bytes(_ shape: TrafficShape) throws { try run(BytesCargo.self, shape) }

  @Test("messages of several types", arguments: TrafficShape.all)
  func mixed(_ shape: TrafficShape) throws { try run(MixedCargo.self, shape) }

  private func run<Sent: Cargo>(_ cargo: Sent.Type, _ shape: TrafficShape) throws {
    let each = Volume.messages(usual: 200_000, whole: 10_000_000) / shape.producers
    let channel = try shape.open("memory://volume", of: Sent.Body.self, in: makeRegistry())
    let total = Mutex(TrafficReport(producers: shape.producers))
    try watched(minutes: 30) {
      // All ends are there before anything is sent: a broadcast tells nobody what was before it.
      let receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
      let senders = try (0..<shape.producers).map { _ in try channel.heldSender() }
      let readers = receivers.enumerated().map { index, held in
        TestThread {
          var receiver = held.take()
          let report = try Sent.receive(
            from: &receiver, producers: shape.producers, as: ReceiveStyle(ofReceiver: index))
          total.withLock { $0 = $0 + report }
        }
      }
      let writers = senders.enumerated().map { index, held in
        TestThread {
          var sender = held.take()
          try Sent.send(upTo: each, of: index, to: &sender)
        }
      }
      for thread in writers + readers { try thread.join() }
    }
    let expected = TrafficReport(
      cargo, producers: shape.producers, each: each, copies: shape.copies)
    #expect(total.withLock { $0 } == expected)
    let statistics = channel.statistics
    #expect(statistics.messages == each * shape.producers)
    #expect(statistics.drops == 0 && statistics.lost == 0 && statistics.redeliveries == 0)
  }
}
