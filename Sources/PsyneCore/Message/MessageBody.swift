/// What a message holds: a type tag that decides how its bytes are laid out, never a value.
///
/// The bodies are ``Vector``, ``Matrix``, ``Bytes``, ``Text``, ``Mixed`` and structs of your own,
/// which conform to ``FixedSizeMessage``.
public protocol MessageBody: SendableMetatype {
  /// What the payload is an array of. Every bit pattern must be a valid value: the peer writes it.
  associatedtype Element: BitwiseCopyable
  /// What stands in the payload before its elements.
  associatedtype Prefix: BitwiseCopyable = NoPrefix

  static var messageType: MessageType { get }
}

/// The prefix of a payload that consists of elements alone.
@frozen
public struct NoPrefix: BitwiseCopyable {}

// How many bytes a message takes follows from types alone, and cannot be implemented: a program whose
// own answer changed from one call to the next would write beyond what it has reserved.
extension MessageBody {
  /// Whether every message is exactly one `Element`, so that a channel of this type alone needs no
  /// header.
  @inlinable @inline(__always)
  public static var isFixedSize: Bool { Element.self == Self.self }

  /// Bytes of the payload before its elements.
  @inlinable @inline(__always)
  public static var prefixBytes: Int { MemoryLayout<Prefix>.size }

  /// Frames begin at multiples of this; 8, or the element's alignment where that is more.
  @inlinable @inline(__always)
  static var frameAlignment: Int { max(8, MemoryLayout<Element>.alignment) }

  /// Bytes before the payload on a channel of this type alone. The header itself is 8 bytes.
  @inlinable @inline(__always)
  static var headerBytes: Int { isFixedSize ? 0 : frameAlignment }

  /// Bytes of a whole frame on a channel of this type alone.
  @inlinable @inline(__always)
  static func frameBytes(payload: Int) -> Int {
    isFixedSize
      ? MemoryLayout<Element>.stride
      : (frameAlignment &+ payload &+ frameAlignment &- 1) & ~(frameAlignment &- 1)
  }
}

/// A struct of your own as a message: one fixed-size value, written and read in place.
///
/// ```swift
/// struct Pose: FixedSizeMessage {
///   static let messageType: MessageType = 1001
///   var x, y, heading: Double
/// }
/// ```
///
/// A channel of such a type alone carries no header: `Pose` takes 24 bytes a message.
///
/// - Important: The peer decides the bits, so every bit pattern must be a valid value. Use integers,
///   floats, SIMD vectors and structs of those; no `Bool`, no enum, no reference. Padding between
///   fields travels as it lies in memory: leave none where the peer must not see it.
public protocol FixedSizeMessage: BitwiseCopyable, MessageBody
where Element == Self, Prefix == NoPrefix {}

/// What an array-like body may hold: integers, floats, and structs of your own of which every bit
/// pattern is a valid value.
public protocol MessageElement: BitwiseCopyable, Sendable {
  /// The type of a ``Vector`` of this element.
  static var vectorType: MessageType { get }
}

/// A number that a ``Matrix`` may hold.
public protocol MessageScalar: MessageElement {
  /// The type of a ``Matrix`` of this scalar.
  static var matrixType: MessageType { get }
}

extension Array where Element: BitwiseCopyable {
  /// A copy of what a span shows.
  package init(copying span: Span<Element>) {
    // The empty array is one for the whole process: even its length must not be written.
    guard !span.isEmpty else {
      self = []
      return
    }
    unsafe self.init(unsafeUninitializedCapacity: span.count) { buffer, count in
      for index in span.indices { unsafe buffer.initializeElement(at: index, to: span[index]) }
      count = span.count
    }
  }
}
