public import PsyneCore

/// Compression with LZ4, for links that are slower than a processor compresses.
///
/// `PsyneCompress` turns blocks of a byte stream into fewer bytes, with the system's liblz4, and nothing else:
/// a transport that takes codecs hands it the blocks.
///
/// ```swift
/// var options = LZ4Options()
/// options.dictionary = try LZ4Dictionary(path: "/etc/planner/messages.dict")
/// let codec = LZ4Codec(options)
/// ```
///
/// Blocks are linked: each refers to the 64 KiB before it, and small ones shrink as well as large ones. What
/// does not shrink passes as it is and costs next to nothing. Vectors of numbers are shuffled where that helps.
/// An encoder takes 0.3 MiB, and 0.5 MiB with a ``LZ4Level/high(_:)`` level, twice that during trials;
/// a decoder takes 0.2 MiB. What neither needs yet is not touched. Nothing depends on what a peer says.
///
/// What is compressed and encrypted afterwards can tell something of what it is by its length: see
/// `docs/compression.md`.
public struct LZ4Codec: BlockCodec {
  public var options: LZ4Options

  public init(_ options: LZ4Options = LZ4Options()) { self.options = options }

  public var name: String { "lz4" }
  public var id: UInt16 { 1 }
  public var optionNames: [String] { LZ4Options.names }
  public var batch: Duration { options.batch }

  /// "lz4 (level fast, shuffle auto, dictionary '/etc/planner/messages.dict' 0123456789abcdef)"
  public var description: String {
    var parts = ["level \(options.level.spelling)", "shuffle \(options.shuffle.rawValue)"]
    if options.batch > .zero { parts.append("batch \(options.batch.spelled)") }
    if let dictionary = options.dictionary { parts.append("dictionary \(dictionary)") }
    return "\(name) (\(parts.joined(separator: ", ")))"
  }

  /// Reads the dictionary that the address names.
  public func merging(_ address: ChannelAddress) throws(TransportError) -> LZ4Codec {
    LZ4Codec(try options.merging(address))
  }

  /// An ``LZ4Encoder``.
  public func makeEncoder(elementSize: Int) -> any BlockEncoder {
    LZ4Encoder(options, elementSize: elementSize)
  }

  /// An ``LZ4Decoder``.
  public func makeDecoder(elementSize: Int) -> any BlockDecoder {
    LZ4Decoder(dictionary: options.dictionary, elementSize: elementSize)
  }
}
