import PsyneCore

// Fixed-size bodies of odd sizes and of every alignment that a lane carries.

struct Byte1: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1001
  var a: UInt8
}

struct Bytes3: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1003
  var a, b, c: UInt8
}

struct Bytes12: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1012
  var a, b, c: UInt32
}

struct Bytes24: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1024
  var a, b, c: UInt64
}

/// 9 bytes in a stride of 16.
struct Padded9: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1009
  var a: UInt64
  var b: UInt8
}

struct Bytes64: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1064
  var a, b: SIMD4<UInt64>
}

struct Aligned16: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1116
  var a: SIMD2<UInt64>
}

/// 32 bytes of vector, which Swift aligns to 16, and a tail that makes 48.
struct Vector48: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1148
  var a: SIMD4<UInt64>
  var b: UInt64
}

/// 64 bytes of vector: the most that Swift aligns to is 16.
struct Vector64: FixedSizeMessage, Equatable {
  static let messageType: MessageType = 1164
  var a: SIMD8<UInt64>
}

/// A struct that is a message of its own, and whose values depend on a number.
protocol Numbered: FixedSizeMessage, Equatable, SendableMetatype {
  init(number: UInt64)
}

extension Byte1: Numbered {
  init(number: UInt64) { a = UInt8(truncatingIfNeeded: number &* 7) }
}

extension Bytes3: Numbered {
  init(number: UInt64) {
    a = UInt8(truncatingIfNeeded: number)
    b = UInt8(truncatingIfNeeded: number >> 8)
    c = UInt8(truncatingIfNeeded: number >> 16)
  }
}

extension Bytes12: Numbered {
  init(number: UInt64) {
    a = UInt32(truncatingIfNeeded: number)
    b = ~a
    c = UInt32(truncatingIfNeeded: number >> 32)
  }
}

extension Bytes24: Numbered {
  init(number: UInt64) { (a, b, c) = (number, ~number, number &* 0x9e37_79b9_7f4a_7c15) }
}

extension Padded9: Numbered {
  init(number: UInt64) { (a, b) = (number, UInt8(truncatingIfNeeded: number)) }
}

extension Bytes64: Numbered {
  init(number: UInt64) { (a, b) = (SIMD4(repeating: number), SIMD4(repeating: ~number)) }
}

extension Aligned16: Numbered {
  init(number: UInt64) { a = SIMD2(number, ~number) }
}

extension Vector48: Numbered {
  init(number: UInt64) { (a, b) = (SIMD4(repeating: number), ~number) }
}

extension Vector64: Numbered {
  init(number: UInt64) { a = SIMD8(repeating: number &* 3) }
}

/// An element of a user's own, whose alignment is more than a header's size.
struct Wide: MessageElement, Equatable {
  static let vectorType: MessageType = 2032
  var number: UInt64
  var vector: SIMD2<UInt64>

  init(number: UInt64) {
    self.number = number
    vector = SIMD2(~number, number &* 5)
  }
}

struct Small: MessageElement, Equatable {
  static let vectorType: MessageType = 2006
  var a, b, c: UInt16
}
