import Glibc
import PsyneCore
import TestSupport

/// Passes one message to and fro, so that each wake-up meets the other side as it goes to sleep.
struct HandOff: ~Copyable {
  var receiver: Receiver<Bytes>
  var sender: Sender<Bytes>
  private var random = SystemRandomNumberGenerator()

  init(receiver: consuming Receiver<Bytes>, sender: consuming Sender<Bytes>) {
    self.receiver = receiver
    self.sender = sender
  }

  /// Answers "done COUNT LOST": LOST wake-ups came so late that only a look of the sleeper itself
  /// can have ended its sleep.
  consuming func run(_ count: Int, begins: Bool) throws -> String {
    var lost = 0
    if begins { try pass() }
    for turn in 1...count {
      let before = Self.runDelay()
      var sentAt = 0
      do {
        let message = try receiver.receive()
        guard let message else { return "closed" }
        sentAt = Pattern.sequence(of: message.elements) ?? 0
      }
      // Asleep, not waiting for a CPU, although the message was there.
      let late = Self.now() - sentAt
      if late > 45_000_000, Self.runDelay() - before < late / 2 { lost += 1 }
      // Who begins also ends.
      if !begins || turn < count { try pass() }
    }
    return "done \(count) \(lost)"
  }

  private mutating func pass() throws {
    let until = Self.now() + Int.random(in: 0...60_000, using: &random)
    while Self.now() < until {}
    var loan = try sender.reserve(count: 8)
    let now = Self.now()
    for index in 0..<8 { loan[index] = UInt8(truncatingIfNeeded: now >> (8 * index)) }
    loan.send()
  }

  private static func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// How long this thread was ready to run and waited for a CPU.
  private static func runDelay() -> Int {
    let fields = (try? readText("/proc/thread-self/schedstat"))?.split(separator: " ") ?? []
    return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
  }
}
