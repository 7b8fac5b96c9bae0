import PsyneCore

/// What the program of the side under test does, for each format.
protocol Program {
  associatedtype Body: MessageBody
  /// Sends a message of about `bytes`, if there is room.
  static func send(_ sender: inout Sender<Body>?, _ bytes: Int) throws(ChannelError)
  /// A message as a peer would send it, with `bytes` of payload or about so many.
  static func frame(_ bytes: Int, type: UInt8) -> [UInt8]
  /// Reads every byte of it, and says how many there are.
  static func look(at message: borrowing Message<Body>) -> Int
  /// Whether a link lets through only what a receiver can read.
  static var isCheckedByLink: Bool { get }
}

extension Program {
  static var isCheckedByLink: Bool { true }

  static func framed(_ payload: [UInt8], type: UInt32) -> [UInt8] {
    Wire.number(UInt32(payload.count)) + Wire.number(type) + payload
      + [UInt8](repeating: 0, count: -payload.count & 7)
  }

  static func sum(_ bytes: Span<UInt8>) -> UInt8 {
    var sum: UInt8 = 0
    for index in bytes.indices { sum &+= bytes[index] }
    return sum
  }
}

enum BytesProgram: Program {
  typealias Body = Bytes

  static func send(_ sender: inout Sender<Bytes>?, _ bytes: Int) throws(ChannelError) {
    guard let loan = try sender?.tryReserve(count: bytes) else { return }
    loan.send()
  }

  static func frame(_ bytes: Int, type: UInt8) -> [UInt8] {
    framed([UInt8](repeating: type, count: bytes), type: MessageType.bytes.rawValue)
  }

  static func look(at message: borrowing Message<Bytes>) -> Int {
    _ = sum(message.elements)
    return message.count
  }
}

/// 24 bytes, which no capacity is a multiple of.
struct Item: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var first, second, third: UInt64
}

enum FixedSizeProgram: Program {
  typealias Body = Item

  static func send(_ sender: inout Sender<Item>?, _ bytes: Int) throws(ChannelError) {
    guard var loan = try sender?.tryReserve() else { return }
    loan.value = Item(first: UInt64(bytes), second: 2, third: 3)
    loan.send()
  }

  static func frame(_ bytes: Int, type: UInt8) -> [UInt8] {
    [UInt8](repeating: type, count: MemoryLayout<Item>.stride)
  }

  static func look(at message: borrowing Message<Item>) -> Int { MemoryLayout<Item>.stride }
}

enum MixedProgram: Program {
  typealias Body = Mixed

  static func send(_ sender: inout Sender<Mixed>?, _ bytes: Int) throws(ChannelError) {
    guard let loan = try sender?.tryReserve(FloatVector.self, count: bytes / 4) else { return }
    loan.send()
  }

  static func frame(_ bytes: Int, type: UInt8) -> [UInt8] {
    framed([UInt8](repeating: type, count: bytes), type: UInt32(type))
  }

  static func look(at message: borrowing Message<Mixed>) -> Int {
    LinkFuzz.expect(message.type != .mixed, "a message without a type")
    // A message of another type, or none of the type that it says, is an error and nothing else.
    do throws(ChannelError) {
      if let text = try message.as(Text.self) { _ = text.string }
      if let matrix = try message.as(DoubleMatrix.self) { _ = matrix.rows &* matrix.columns }
    } catch {}
    _ = sum(message.elements)
    return message.count
  }
}

enum MatrixProgram: Program {
  typealias Body = DoubleMatrix

  /// Rows, columns and elements are the payload's, which the link does not look into.
  static var isCheckedByLink: Bool { false }

  static func send(_ sender: inout Sender<DoubleMatrix>?, _ bytes: Int) throws(ChannelError) {
    guard let loan = try sender?.tryReserve(rows: 1, columns: bytes / 8) else { return }
    loan.send()
  }

  static func frame(_ bytes: Int, type: UInt8) -> [UInt8] {
    let columns = bytes / 8
    return framed(
      Wire.number(1 as UInt32) + Wire.number(UInt32(columns))
        + [UInt8](repeating: type, count: 8 * columns), type: MessageType.doubleMatrix.rawValue)
  }

  static func look(at message: borrowing Message<DoubleMatrix>) -> Int {
    LinkFuzz.expect(
      message.rows * message.columns == message.elements.count, "a matrix without its elements")
    return 8 + 8 * message.elements.count
  }
}
