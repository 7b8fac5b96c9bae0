/// What sending and receiving can throw. Full and empty are not errors.
public enum ChannelError: Error, Hashable, Sendable {
  /// The other end was closed: nothing will be received, or nobody will read what is sent.
  case closed
  /// The other end's process died while it was attached. Everything it had sent was delivered.
  case peerDied
  /// The deadline passed.
  case timedOut
  /// The task was cancelled while it waited. Nothing was received or lost.
  case cancelled
  /// There is no room, and the sender was told not to wait for it.
  case full
  /// Another sender of the same server has sent to the peer, and still holds on to it.
  case busy
  /// So many messages of a broadcast were given up before this receiver came to them. It goes on with
  /// the oldest that is left.
  case lost(messages: Int)
  /// The broadcast's sender goes on without this receiver, which did not keep up. It can be claimed
  /// anew.
  case evicted
  /// The message needs `bytes` in the lane, which holds `capacity`, or of which the other side of a
  /// connection takes no more at once (`maxmessage`).
  case tooLarge(bytes: Int, capacity: Int)
  /// The next message is of another type. It stays in the lane.
  case wrongType(expected: MessageType, found: MessageType)
  /// The lane holds what no sender of this library writes. The receiver goes no further.
  case corrupt(Corruption)

  /// What is wrong with a lane.
  public enum Corruption: Hashable, Sendable {
    /// A position moved where no sender or receiver would have moved it.
    case position
    /// A message is longer than what was published, or no whole number of elements.
    case length
    /// The rows and columns of a matrix do not make its length.
    case shape
    /// A single-type channel holds a message of another type.
    case type
  }
}

extension ChannelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .closed: "the other end of the channel was closed"
    case .peerDied: "the process at the other end died without closing the channel"
    case .timedOut: "the deadline passed"
    case .cancelled: "the task that waited was cancelled"
    case .full: "the channel is full: a receiver does not keep up"
    case .busy: "another sender of this server holds on to the peer: let go of it there"
    case .lost(let count):
      "\(count.counted("message")) of the broadcast got lost: this receiver did not keep up"
    case .evicted:
      "the broadcast's sender went on without this receiver, which did not keep up: claim it anew"
    case .tooLarge(let bytes, let capacity):
      "the message takes \(bytes) bytes and the channel takes \(capacity): open it with a larger "
        + "capacity or, where it is a connection, let the other side take more (maxmessage)"
    case .wrongType(let expected, let found):
      "the next message is of type \(found), not \(expected): receive it as what it is"
    case .corrupt(let what):
      "the channel's memory is corrupt (\(what)): close it at both ends and open it again"
    }
  }
}
