// The protocol as its specification has it, written a second time: what the link encodes and decodes by
// itself would agree with itself whatever it were.

enum Wire {
  static let helloBytes = 128
  static let blockBytes = 32
  static let magic: [UInt8] = [0x89, 0x50, 0x53, 0x59, 0x4e, 0x45, 0x0d, 0x0a]

  static func number<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func read(_ bytes: ArraySlice<UInt8>, at offset: Int, _ count: Int) -> UInt64 {
    bytes[(bytes.startIndex + offset)...].prefix(count).reversed()
      .reduce(0) { $0 << 8 | UInt64($1) }
  }
}

struct WireHello {
  var role: UInt32
  var type: UInt32
  var elementSize: UInt32
  var alignment: UInt16
  var isFixedSize: Bool
  /// Of a connector: its connections so far, this one included.
  var attempt: UInt32
  var capacity: Int
  var session: (UInt64, UInt64)
  var incarnation: (UInt64, UInt64)
  /// Received, whole, consumed, held, sent.
  var positions: [Int]

  var bytes: [UInt8] {
    var bytes = Wire.magic
    bytes += Wire.number(1 as UInt16) + Wire.number(0 as UInt16)
    bytes += Wire.number(UInt32(Wire.helloBytes)) + Wire.number(role)
    bytes += Wire.number(type) + Wire.number(elementSize)
    bytes += Wire.number(alignment) + Wire.number(isFixedSize ? 1 : 0 as UInt16)
    bytes += Wire.number(attempt) + Wire.number(5000 as UInt32)
    bytes += Wire.number(capacity) + Wire.number(capacity)
    bytes += Wire.number(session.0) + Wire.number(session.1)
    bytes += Wire.number(incarnation.0) + Wire.number(incarnation.1)
    for position in positions { bytes += Wire.number(position) }
    return bytes
  }
}

struct WireBlock {
  var kind: UInt32
  var length: Int
  var position: Int
  var received: Int
  var consumed: Int

  static let data: UInt32 = 1
  static let error: UInt32 = 7

  var bytes: [UInt8] {
    Wire.number(UInt32(truncatingIfNeeded: length)) + Wire.number(kind) + Wire.number(position)
      + Wire.number(received) + Wire.number(consumed)
  }

  init(kind: UInt32, length: Int = 0, position: Int, received: Int, consumed: Int) {
    (self.kind, self.length, self.position) = (kind, length, position)
    (self.received, self.consumed) = (received, consumed)
  }

  init(_ bytes: ArraySlice<UInt8>) {
    length = Int(Wire.read(bytes, at: 0, 4))
    kind = UInt32(Wire.read(bytes, at: 4, 4))
    position = Int(Wire.read(bytes, at: 8, 8))
    received = Int(Wire.read(bytes, at: 16, 8))
    consumed = Int(Wire.read(bytes, at: 24, 8))
  }
}
