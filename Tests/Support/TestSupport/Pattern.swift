/// Messages that check themselves: number, length and every byte follow from the sequence number.
public struct Pattern: Sendable {
  public let seed: UInt64
  public let smallest: Int
  public let largest: Int

  /// - Parameter largest: of a whole lane, to be sent now and then.
  public init(seed: UInt64, smallest: Int = 0, largest: Int) {
    self.seed = seed
    self.smallest = smallest
    self.largest = largest
  }

  /// The length of a message in bytes: of every magnitude equally often, with both extremes.
  public func length(_ sequence: Int) -> Int {
    let random = SeededGenerator.mix(UInt64(sequence) &+ seed)
    switch random & 0x3FF {
    case 0: return smallest
    case 1: return largest
    default:
      let bits = UInt64(Int.bitWidth - largest.leadingZeroBitCount)
      let bound = UInt64(largest >> Int((random >> 10) % bits)) + 1
      return max(smallest, Int((random >> 20) % bound))
    }
  }

  @inline(__always)
  private func base(_ sequence: Int) -> UInt64 { SeededGenerator.mix(UInt64(sequence) ^ seed) }

  @inline(__always)
  private static func word(_ index: Int, _ sequence: Int, _ base: UInt64) -> UInt64 {
    // The first word is the number itself, so that a message tells which it is.
    index == 0 ? UInt64(sequence) : base &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
  }

  public func fill(_ elements: inout MutableSpan<UInt8>, _ sequence: Int) {
    let base = base(sequence)
    unsafe elements.withUnsafeMutableBytes { bytes in
      let words = bytes.count / 8
      for index in 0..<words {
        unsafe bytes.storeBytes(
          of: Self.word(index, sequence, base), toByteOffset: index * 8, as: UInt64.self)
      }
      let last = Self.word(words, sequence, base)
      for index in words * 8..<bytes.count {
        unsafe bytes[index] = UInt8(truncatingIfNeeded: last >> UInt64(index % 8 * 8))
      }
    }
  }

  /// Whether `elements` are message `sequence`, whole.
  public func matches(_ elements: Span<UInt8>, _ sequence: Int) -> Bool {
    guard elements.count == length(sequence) else { return false }
    let base = base(sequence)
    return unsafe elements.withUnsafeBytes { bytes in
      let words = bytes.count / 8
      var difference: UInt64 = 0
      for index in 0..<words {
        difference |=
          unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
          ^ Self.word(index, sequence, base)
      }
      let last = Self.word(words, sequence, base)
      for index in words * 8..<bytes.count {
        difference |= unsafe UInt64(bytes[index]) ^ (last >> UInt64(index % 8 * 8) & 0xFF)
      }
      return difference == 0
    }
  }

  /// The number that a message says it is, if it is long enough to say.
  public static func sequence(of elements: Span<UInt8>) -> Int? {
    guard elements.count >= 8 else { return nil }
    return unsafe elements.withUnsafeBytes {
      unsafe Int(truncatingIfNeeded: $0.loadUnaligned(as: UInt64.self))
    }
  }
}
