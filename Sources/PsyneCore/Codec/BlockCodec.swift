/// A way to make the bytes of a connection fewer, such as `lz4`: named in front of a scheme by both sides,
/// as in `lz4+tcp://`.
///
/// Bytes pass in blocks of at most ``blockBytes`` each. The decoder of one side sees the blocks of the other
/// side's encoder in their order, from the first one on, so that both may make use of what was before. After
/// a break both begin anew.
///
/// It describes itself in a connection's ``Connection/details``: by its ``name``, unless it says more.
public protocol BlockCodec: Sendable, CustomStringConvertible {
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
  /// For how long messages that fill no block wait for more before they are encoded and sent. Zero unless a
  /// codec says otherwise: none waits.
  var batch: Duration { get }
  /// One for each connection.
  ///
  /// - Parameter elementSize: bytes of an element of the messages that pass.
  func makeEncoder(elementSize: Int) -> any BlockEncoder
  func makeDecoder(elementSize: Int) -> any BlockDecoder
}

extension BlockCodec {
  /// Bytes of a block before it is encoded, at most.
  public static var blockBytes: Int { 64 << 10 }
  public var batch: Duration { .zero }
  public var description: String { name }
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
  /// Where it counts what it does; nil, unless it says otherwise, and its connection counts for it.
  var tally: CodecTally? { get }
  /// Whether it wants to be told how fast the wire is. It does not unless it says so: to look takes a system
  /// call for each flush.
  var wantsWireSpeed: Bool { get }
  /// What was seen of the wire's speed, since the last time.
  func wireMoved(_ sample: WireSample)
}

extension BlockEncoder {
  public var tally: CodecTally? { nil }
  public var wantsWireSpeed: Bool { false }
  public func wireMoved(_ sample: WireSample) {}
}

/// How long it took for bytes to leave that the system had been given.
public struct WireSample: Hashable, Sendable {
  /// Bytes that have left, as they travel.
  public let bytes: Int
  public let nanoseconds: Int64
  /// Whether it may have taken less: none was left when somebody looked. False says that more waited all the
  /// time, so that the wire was what everybody waited for.
  public let isAtMost: Bool

  public init(bytes: Int, nanoseconds: Int64, isAtMost: Bool) {
    self.bytes = bytes
    self.nanoseconds = nanoseconds
    self.isAtMost = isAtMost
  }
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
  /// As of a ``BlockEncoder``.
  var tally: CodecTally? { get }
}

extension BlockDecoder {
  public var tally: CodecTally? { nil }
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
