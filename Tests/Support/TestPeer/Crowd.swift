import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Traffic

/// Very many tasks, each of which waits for a message of a channel of its own.
final class Crowd: Sendable {
  private let registry = TransportRegistry([MemoryTransport()])
  private let channels = Mutex<[SPSCChannel<Item>]>([])
  private let right = Atomic<Int>(0)
  private let ended = Atomic<Int>(0)

  /// Returns when all of them wait.
  func gather(_ count: Int) throws {
    for index in 0..<count {
      let channel: SPSCChannel<Item> = try registry.open("memory://\(index)?capacity=4KiB")
      channels.withLock { $0.append(channel) }
      Task { [self] in
        do {
          var receiver = try channel.receiver()
          let number = try await receiver.next()?.value.number
          if number == index { right.add(1, ordering: .relaxed) }
        } catch {}
        ended.add(1, ordering: .releasing)
      }
    }
    try eventually("all of them wait", areWaiting)
  }

  /// Sends each its message, and says how many have got it.
  func serve() throws -> String {
    let channels = channels.withLock { $0 }
    for (index, channel) in channels.enumerated() {
      var sender = try channel.sender()
      try sender.send(Item(index))
    }
    try eventually("all have ended") { ended.load(ordering: .acquiring) == channels.count }
    return "\(right.load(ordering: .relaxed))"
  }

  private func areWaiting() -> Bool {
    channels.withLock { $0.allSatisfy { $0.statistics.emptyWaits == 1 } }
  }
}
