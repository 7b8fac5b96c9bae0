public import PsyneCore

/// Messages that say which they are and whose, and that show whether they are whole.
public protocol Cargo: SendableMetatype {
  associatedtype Body: MessageBody

  /// Sends message `number` of a producer, in one of several ways that the number decides.
  static func send(
    _ number: Int, of producer: Int, to sender: inout Sender<Body>
  ) throws(ChannelError)

  /// The same for a task.
  static func sendSuspending(
    _ number: Int, of producer: Int, to sender: inout Sender<Body>
  ) async throws(ChannelError)

  /// What a message says it is; nil if it is not what was sent under that name.
  static func label(of message: borrowing Message<Body>) -> Label?

  /// What message `number` of a producer says it is.
  static func label(_ number: Int, of producer: Int) -> Label
}

/// What a message says it is.
public struct Label: Hashable, Sendable {
  /// -1 of a message that is too short to say.
  public let producer: Int
  /// Its number among its producer's; of one that is too short to say, its length.
  public let number: Int

  @inlinable
  init(producer: Int, number: Int) { (self.producer, self.number) = (producer, number) }

  /// As one word, and back.
  @inlinable
  var word: UInt64 { UInt64(truncatingIfNeeded: producer) << 48 | UInt64(number) }

  @inlinable
  init(word: UInt64) {
    self.init(producer: Int(word >> 48), number: Int(word & 0xffff_ffff_ffff))
  }

  /// What the words behind the first follow from.
  @inlinable
  var base: UInt64 { mixed(word) }
}

/// SplitMix64's last step.
@inlinable
func mixed(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
