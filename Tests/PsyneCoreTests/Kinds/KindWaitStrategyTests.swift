import PsyneCore
import Synchronization
import Testing
import Traffic

/// Each way to wait, on each side of each kind.
@Suite("Kinds: ways to wait", .serialized)
struct KindWaitStrategyTests {
  @Test(
    "messages arrive however each side waits", arguments: TrafficShape.several,
    WaitStrategy.allCases)
  func mixed(_ shape: TrafficShape, _ strategy: WaitStrategy) throws {
    let each = Volume.messages(usual: 10_000, whole: 500_000)
    let strategies = WaitStrategy.allCases
    let first = strategies.firstIndex(of: strategy) ?? 0
    let channel = try makeItems(shape)
    let total = Mutex(TrafficReport(producers: shape.producers))
    try watched {
      // The senders all wait in one way, and the receivers each in another.
      let receivers = try (0..<shape.consumers).map { index in
        try channel.heldReceiver(waiting: strategies[(first + index + 1) % strategies.count])
      }
      let senders = try (0..<shape.producers).map { _ in
        try channel.heldSender(waiting: strategy)
      }
      let readers = receivers.map { held in
        TestThread {
          var receiver = held.take()
          let report = try ItemCargo.receive(
            from: &receiver, producers: shape.producers, as: .receive)
          total.withLock { $0 = $0 + report }
        }
      }
      let writers = senders.enumerated().map { index, held in
        TestThread {
          var sender = held.take()
          try ItemCargo.send(upTo: each, of: index, to: &sender)
        }
      }
      for thread in writers + readers { try thread.join() }
    }
    let expected = TrafficReport(
      ItemCargo.self, producers: shape.producers, each: each, copies: shape.copies)
    #expect(total.withLock { $0 } == expected)
  }
}
