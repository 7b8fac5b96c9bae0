/// An input, read from its beginning. Behind its end there are no more steps, and only zeros.
struct Script {
  private let bytes: [UInt8]
  private var next = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isOver: Bool { next >= bytes.count }

  mutating func byte() -> UInt8 {
    guard !isOver else { return 0 }
    defer { next += 1 }
    return bytes[next]
  }

  mutating func word() -> Int { Int(byte()) | Int(byte()) << 8 }

  mutating func take(_ count: Int) -> [UInt8] {
    defer { next = min(bytes.count, next + count) }
    return Array(bytes[min(next, bytes.count)..<min(bytes.count, next + count)])
  }
}

/// What a step does; its byte is taken modulo their number.
enum Step: UInt8, CaseIterable {
  /// u16 count, bytes: a block comes as it is.
  case passed
  /// u16 size less 1, u16 count, bytes: a block comes that is said to make so many.
  case encoded
  /// u16 size less 1, u16 count, bytes: an encoder encodes them, repeated to that size, and the decoder is
  /// given what it says.
  case honest
  /// The same, then u16 place, u8: one byte of it is another.
  case damaged

  init(_ byte: UInt8) {
    self = Self.allCases[Int(byte) % Self.allCases.count]
  }
}

/// The first byte of an input.
struct Setting {
  /// Bits 0 and 1: elements of 1, 2, 4 or 8 bytes; bit 4: of three times as many.
  let elementSize: Int
  /// Bit 2: whether both sides have the dictionary.
  let hasDictionary: Bool
  /// Bit 3: whether the encoder shuffles whatever comes.
  let shuffles: Bool

  init(_ byte: UInt8) {
    elementSize = (byte & 16 == 0 ? 1 : 3) << Int(byte & 3)
    hasDictionary = byte & 4 != 0
    shuffles = byte & 8 != 0
  }

  /// The same as a byte.
  static func byte(width: Int, hasDictionary: Bool = false, shuffles: Bool = false) -> UInt8 {
    UInt8(width.trailingZeroBitCount) | (hasDictionary ? 4 : 0) | (shuffles ? 8 : 0)
      | (width % 3 == 0 ? 16 : 0)
  }
}
