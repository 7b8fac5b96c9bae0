/// How a connection stands.
public enum ConnectionState: String, Hashable, Sendable {
  case connecting
  case connected
  /// It broke, and is being restored. What is sent waits; nothing is lost.
  case interrupted
  /// It ended in order.
  case closed
  /// It ended for good, and not in order.
  case failed
}

/// What becomes of a connection.
public enum ConnectionEvent: Hashable, Sendable {
  case connected
  /// The connection broke; why. It is being restored.
  case interrupted(String)
  /// It goes on where it broke: nothing is lost, and nothing comes twice.
  case resumed
  /// It goes on, with another side that knows nothing of what was: its program was started again. What
  /// that has confirmed to have read is not sent again; `again` messages are, which the old one may have
  /// read, and are marked ``Message/isRedelivery``.
  case restarted(again: Int)
  /// It ended in order.
  case closed
  /// It ended for good.
  case failed(ConnectionFailure)

  var state: ConnectionState {
    switch self {
    case .connected, .resumed, .restarted: .connected
    case .interrupted: .interrupted
    case .closed: .closed
    case .failed: .failed
    }
  }
}

/// Why a connection ended for good, and what of it did not arrive.
public struct ConnectionFailure: Error, Hashable, Sendable {
  /// What is wrong, and what to do about it.
  public let message: String
  /// Messages that were sent and that the other side has not confirmed to have read.
  public let unconfirmedMessages: Int
  /// Bytes of them, headers included.
  public let unconfirmedBytes: Int

  public init(_ message: String, unconfirmedMessages: Int, unconfirmedBytes: Int) {
    self.message = message
    self.unconfirmedMessages = unconfirmedMessages
    self.unconfirmedBytes = unconfirmedBytes
  }
}

extension ConnectionFailure: CustomStringConvertible {
  public var description: String {
    unconfirmedMessages == 0
      ? message
      : "\(message); \(unconfirmedMessages.counted("message")) sent and not confirmed to be read"
  }
}
