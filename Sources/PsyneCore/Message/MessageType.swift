/// Names a message's body on the wire and in shared memory. Your own types start at
/// ``firstUserType``.
@frozen
public struct MessageType: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable
  public init(integerLiteral value: UInt32) { rawValue = value }

  /// `Vector<Float>`
  @inlinable public static var floatVector: MessageType { 1 }
  /// `Matrix<Double>`
  @inlinable public static var doubleMatrix: MessageType { 2 }
  @inlinable public static var bytes: MessageType { 10 }
  @inlinable public static var text: MessageType { 11 }
  /// A channel that carries several types, each message with its own.
  @inlinable public static var mixed: MessageType { 0 }
  /// The least id of a type of your own.
  @inlinable public static var firstUserType: MessageType { 1000 }
}

extension MessageType: CustomStringConvertible {
  public var description: String { "\(rawValue)" }
}
