internal import PsyneCore

/// The sequences of a block of LZ4 data, walked without decoding them: literals, then a match each, but for
/// the last.
///
/// liblz4 checks them too, and writes nowhere else; but it takes a distance of 0 for a match, which then is
/// of whatever lies where the block is to go.
enum Sequences {
  /// - Parameters:
  ///   - history: bytes that matches can refer to before the block.
  ///   - count: bytes that they have to make.
  static func check(_ content: Span<UInt8>, history: Int, count: Int) throws(CodecError) {
    var (next, made) = (0, 0)
    while next < content.count {
      let token = content[next]
      next += 1
      var literals = Int(token >> 4)
      if literals == 15 { literals += try rest(content, &next) }
      made += literals
      guard literals <= content.count - next, made <= count else { throw damaged(count) }
      next += literals
      if next == content.count {
        guard made == count else {
          throw CodecError("a compressed block makes \(made) bytes, and was said to make \(count)")
        }
        return
      }
      guard content.count - next >= 2 else { throw damaged(count) }
      let distance = Int(content[next]) | Int(content[next + 1]) << 8
      next += 2
      guard distance > 0, distance <= history + made else {
        throw CodecError(
          "a compressed block refers to \(distance) bytes before its byte \(made), behind "
            + "\(history) of history")
      }
      made += Int(token & 15) + 4
      if token & 15 == 15 { made += try rest(content, &next) }
      guard made <= count else { throw damaged(count) }
    }
    throw damaged(count)
  }

  /// The rest of a length, in bytes of 255 and one of less.
  @inline(never)
  private static func rest(
    _ content: Span<UInt8>, _ next: inout Int
  ) throws(CodecError) -> Int {
    // A block of less than 64 KiB has no room for a sum that would be too large.
    var length = 0
    while next < content.count {
      let byte = content[next]
      next += 1
      length += Int(byte)
      if byte < 255 { return length }
    }
    throw CodecError("a compressed block ends within a length")
  }

  static func damaged(_ count: Int) -> CodecError {
    CodecError(
      "a compressed block is damaged: it is no LZ4 data, or makes more than the \(count) bytes that it was "
        + "said to make")
  }
}
