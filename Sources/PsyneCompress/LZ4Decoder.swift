internal import CLZ4
public import PsyneCore

/// Decompresses what an ``LZ4Encoder`` at the other side has made.
///
/// It believes nothing: a block makes exactly as many bytes as it was said to, of its own bytes and of those
/// that have come before, or is a `CodecError`; and it needs the same memory whatever comes. Behind an error
/// the two sides have different histories: the connection has to end.
public final class LZ4Decoder: BlockDecoder {
  /// What it has done. Any thread may ask.
  public var counters: CodecCounters { counts.counters }
  public var tally: CodecTally? { counts }
  private let counts = CodecTally("shuffled")

  private var window = Window()
  private let width: Int
  private let dictionary: LZ4Dictionary?
  private var isFirst = true
  /// Bytes so far.
  private var position: UInt64 = 0

  init(dictionary: LZ4Dictionary?, elementSize: Int) {
    self.dictionary = dictionary
    width = ByteOrder.width(elementSize: elementSize)
    if let dictionary { window.append(dictionary.bytes.span) }
  }

  public func decode(
    _ encoded: Span<UInt8>, into block: inout MutableSpan<UInt8>
  ) throws(CodecError) {
    let start = Syscalls.monotonicNanoseconds()
    guard 1...Window.blockBytes ~= block.count, encoded.count < block.count else {
      throw CodecError(
        "a compressed block of \(encoded.count) bytes is said to make \(block.count): it makes more "
          + "than it has, and \(Window.blockBytes) at most")
    }
    let head = try BlockHead.read(
      encoded, width: width, isFirst: isFirst, dictionary: dictionary)
    if !window.hasRoom(for: block.count) { window.move(keeping: Window.historyBytes) }
    try decompress(encoded.extracting(droppingFirst: head.bytes), count: block.count)
    window.restore(
      into: &block,
      head.width == 1 ? .plain : ByteOrder(width: head.width, position: position))
    window.take(block.count)
    isFirst = false
    position &+= UInt64(block.count)
    if head.width > 1 { counts.add(own: 0) }
    counts.add(
      plain: block.count, wire: encoded.count,
      nanoseconds: Syscalls.monotonicNanoseconds() - start)
  }

  public func passed(_ block: Span<UInt8>) {
    let start = Syscalls.monotonicNanoseconds()
    window.append(block)
    position &+= UInt64(block.count)
    counts.add(
      plain: block.count, wire: nil, nanoseconds: Syscalls.monotonicNanoseconds() - start)
  }

  /// Makes `count` bytes behind the window's history.
  private func decompress(_ content: Span<UInt8>, count: Int) throws(CodecError) {
    try Sequences.check(content, history: window.history, count: count)
    let made = unsafe content.withUnsafeBytes { bytes in
      // The history lies right before the target, so that LZ4 takes it as one piece with it; its length keeps
      // LZ4 from referring to what is before it.
      unsafe LZ4_decompress_safe_usingDict(
        bytes.assumingMemoryBound(to: CChar.self).baseAddress,
        UnsafeMutableRawPointer(window.next).assumingMemoryBound(to: CChar.self),
        Int32(bytes.count), Int32(count),
        UnsafeRawPointer(window.start).assumingMemoryBound(to: CChar.self),
        Int32(window.history))
    }
    // It wants more of the end of a block than has been checked.
    guard made == count else { throw Sequences.damaged(count) }
  }
}
