internal import Psyne

/// What a receiver hears of and goes on after, to be told at the end.
struct Interruptions {
  private(set) var deadSenders = 0
  private(set) var lostMessages = 0
  /// Whether there are others to go on with when a sender has died.
  private let hasManySenders: Bool

  init(_ channel: some Channel) { hasManySenders = channel.producers > 1 }

  /// Of one connection, or of a listener, where errors are of no one sender.
  init() { hasManySenders = false }

  /// Those that a listener knows to have died.
  mutating func note(deadSenders: Int) { self.deadSenders += deadSenders }

  /// Throws what ends the reception.
  mutating func note(_ error: ChannelError) throws(ChannelError) {
    switch error {
    case .peerDied where hasManySenders: deadSenders += 1
    case .lost(let messages): lostMessages += messages
    default: throw error
    }
  }
}
