internal import PsyneCore

/// What stands before the LZ4 data of a block: a byte, and behind it in the first block of a stream with a
/// dictionary the dictionary's fingerprint, in little-endian order.
///
/// ```
/// bit 7      bits 6–0
/// dictionary 0: as it is; 2 to 64: bytes of the elements that are shuffled
/// ```
enum BlockHead {
  static let dictionaryFlag: UInt8 = 0x80
  static let fingerprintBytes = 8

  static func bytes(dictionary: LZ4Dictionary?) -> Int {
    dictionary == nil ? 1 : 1 + fingerprintBytes
  }

  static func write(
    width: Int, dictionary: LZ4Dictionary?, to target: inout MutableSpan<UInt8>
  ) {
    target[0] = width == 1 ? 0 : UInt8(width)
    guard let dictionary else { return }
    target[0] |= dictionaryFlag
    for index in 0..<fingerprintBytes {
      target[1 + index] = UInt8(truncatingIfNeeded: dictionary.fingerprint >> (8 * UInt64(index)))
    }
  }

  /// - Parameter dictionary: what the decoder has, if this is its first block.
  /// - Returns: the width, and how many bytes the head has.
  static func read(
    _ encoded: Span<UInt8>, width known: Int, isFirst: Bool, dictionary: LZ4Dictionary?
  ) throws(CodecError) -> (width: Int, bytes: Int) {
    guard encoded.count > 1 else { throw CodecError("a compressed block has no content") }
    let first = encoded[0]
    let shuffled = Int(first & ~dictionaryFlag)
    guard shuffled == 0 || shuffled == known && known > 1 else {
      throw CodecError(
        "a compressed block is shuffled in a way (\(shuffled)) that its elements are not (\(known))"
      )
    }
    let width = max(1, shuffled)
    guard first & dictionaryFlag != 0 else {
      guard !isFirst || dictionary == nil else {
        throw CodecError(
          "the other side compresses without a dictionary, and this one has one: give both the same "
            + "file, or neither (dictionary)")
      }
      return (width, 1)
    }
    guard isFirst else { throw CodecError("a later block names a dictionary") }
    guard encoded.count > 1 + fingerprintBytes else {
      throw CodecError("a compressed block ends within its dictionary's fingerprint")
    }
    var theirs: UInt64 = 0
    for index in (1...fingerprintBytes).reversed() { theirs = theirs << 8 | UInt64(encoded[index]) }
    guard let dictionary else {
      throw CodecError(
        "the other side compresses with a dictionary, and this one has none: give both the same "
          + "file, or neither (dictionary)")
    }
    guard dictionary.fingerprint == theirs else {
      let (ours, its) = (hexadecimal(dictionary.fingerprint), hexadecimal(theirs))
      throw CodecError(
        "the other side compresses with another dictionary (fingerprint \(its), this one's is "
          + "\(ours)): give both the same file (dictionary)")
    }
    return (width, 1 + fingerprintBytes)
  }

  static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
