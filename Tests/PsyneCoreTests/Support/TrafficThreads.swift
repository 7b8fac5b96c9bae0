import PsyneCore
import Synchronization
import Traffic

/// Sends `each` messages from every sender of the channel, with a thread for each end, and returns what
/// has arrived.
func carry<Sent: Cargo>(
  _ cargo: Sent.Type, each: Int, through channel: any Channel<Sent.Body>, minutes: Int = 10,
  sending: WaitStrategy? = nil, receiving: (Int) -> WaitStrategy? = { _ in nil },
  as style: @Sendable @escaping (Int) -> ReceiveStyle
) throws -> TrafficReport {
  let producers = channel.producers
  let total = Mutex(TrafficReport(producers: producers))
  try watched(minutes: minutes) {
    // All ends are there before anything is sent: a broadcast tells nobody what was before it.
    let receivers = try (0..<channel.consumers).map {
      try channel.heldReceiver(waiting: receiving($0))
    }
    let senders = try (0..<producers).map { _ in try channel.heldSender(waiting: sending) }
    let readers = receivers.enumerated().map { index, held in
      TestThread {
        var receiver = held.take()
        let report = try Sent.receive(from: &receiver, producers: producers, as: style(index))
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
  return total.withLock { $0 }
}
