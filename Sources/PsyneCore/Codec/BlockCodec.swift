/// A way to make the bytes of a connection fewer, such as `lz4`: named in front of a scheme by both sides,
/// as in `lz4+tcp://`.
///
/// Bytes pass in blocks of at most ``blockBytes`` each. The decoder of one side sees the blocks of the other
/// side's encoder in their order, from the first one on, so that both may make use of what was before. After
/// a break both begin anew.
public protocol BlockCodec: Sendable {
  /// What stands before the `+` of a scheme.
  var name: String { get }
  /// What names it on the wire. Ids up to 255 are this library's.
  var id: UInt16 { get }
  /// Names of the options that it takes in an address.
  var optionNames: [String] { get }
  /// The same codec as an address wants it.
  ///
  /// - Throws: ``TransportError/Code/invalidOption``.
  func merging(_ address: ChannelAddress) throws(TransportError) -> Self
  /// One for each connection.
  ///
  /// - Parameter elementSize: bytes of an element of the messages that pass.
  func makeEncoder(elementSize: Int) -> any BlockEncoder
  func makeDecoder(elementSize: Int) -> any BlockDecoder
}

extension BlockCodec {
  /// Bytes of a block before it is encoded, at most.
  public static var blockBytes: Int { 64 << 10 }
}

/// Encodes the blocks of one direction of one connection. Used by one thread at a time.
public protocol BlockEncoder: AnyObject {
  /// Encodes the next block.
  ///
  /// - Parameters:
  ///   - block: 1 to 65,536 bytes. They may change when the call returns.
  ///   - encoded: as many bytes.
  /// - Returns: how many were written; nil if they are not fewer: the block then travels as it is, and the
  ///   other side's decoder is told by ``BlockDecoder/passed(_:)``.
  func encode(_ block: Span<UInt8>, into encoded: inout MutableSpan<UInt8>) -> Int?
}

/// Decodes what a ``BlockEncoder`` at the other side has made of the blocks of one direction. Used by one
/// thread at a time.
public protocol BlockDecoder: AnyObject {
  /// Decodes the next block, which was said to make exactly as many bytes as `block` has.
  ///
  /// - Parameter encoded: what a peer has sent, who may lie: less than 65,536 bytes.
  /// - Throws: ``CodecError`` if it does not make so many.
  func decode(_ encoded: Span<UInt8>, into block: inout MutableSpan<UInt8>) throws(CodecError)
  /// The next block has come as it is.
  func passed(_ block: Span<UInt8>)
}

/// A block that no encoder makes.
public struct CodecError: Error, Hashable, Sendable {
  /// What is wrong with it.
  public let message: String

  public init(_ message: String) { self.message = message }
}

extension CodecError: CustomStringConvertible {
  public var description: String { message }
}
