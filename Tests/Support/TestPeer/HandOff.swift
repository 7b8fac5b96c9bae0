import PsyneCore
import TestSupport

/// Passes one message to and fro, so that each wake-up meets the other side as it goes to sleep.
struct HandOff: ~Copyable {
  private var receiver: Receiver<Bytes>
  private var sender: Sender<Bytes>
  private var random = SystemRandomNumberGenerator()

  init(receiver: consuming Receiver<Bytes>, sender: consuming Sender<Bytes>) {
    self.receiver = receiver
    self.sender = sender
  }

  /// Answers "done COUNT".
  consuming func run(_ count: Int, begins: Bool) throws -> String {
    if begins { try pass() }
    for turn in 1...count {
      do {
        let message = try receiver.receive()
        guard message != nil else { return "closed" }
      }
      // Who begins also ends.
      if !begins || turn < count { try pass() }
    }
    return "done \(count)"
  }

  /// Sends after a random time of about as long as the other side spins.
  private mutating func pass() throws {
    let until = ContinuousClock.now + .nanoseconds(Int.random(in: 0...60_000, using: &random))
    while ContinuousClock.now < until {}
    try sender.send(copying: [1].span)
  }
}
