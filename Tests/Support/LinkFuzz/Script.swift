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
  /// u16 count, bytes: they come as they are.
  case raw
  /// u8 kind, u16 length, i8 for each position to be added to what is right, 0 but for lies: a block, whose
  /// body is the next bytes of the script, filled up with zeros.
  case block
  /// u8 type, u16 payload: a message that is right for the channel, in a block.
  case message
  /// u8: the program receives so many messages.
  case receive
  /// u8: the program sends a message of about so many bytes.
  case send
  /// u8: an end of the program's is left or taken.
  case ends
  /// u8: the connection breaks, 8 times as many bytes of what was sent last are lost with it, and another
  /// one is there, with a hello that is right. From 128 on it is that of a listener that was restarted.
  case reconnect
  /// The same, without a hello.
  case reconnectSilently
  /// u8: so many times 100 ms pass.
  case time
  /// u8: the link's owner confirms, looks what was read, closes, or arms; from 4 on, the stranger takes
  /// nothing of what the link says, or takes it again.
  case owner

  init(_ byte: UInt8) {
    self = Self.allCases[Int(byte) % Self.allCases.count]
  }
}
