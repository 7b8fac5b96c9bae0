/// One of the connections of a ``Server``, from the time it is accepted on. Numbers are not used again.
@frozen
public struct PeerID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Of messages that come by a channel or a ``Connection``, which have one sender's side.
  @inlinable public static var none: PeerID { PeerID(rawValue: 0) }
}

extension PeerID: CustomStringConvertible {
  public var description: String { "peer \(rawValue)" }
}
