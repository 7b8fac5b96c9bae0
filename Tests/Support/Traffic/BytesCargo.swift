public import PsyneCore

/// Bytes of every length from none to the whole lane, mostly short.
public enum BytesCargo: Cargo {
  public typealias Body = Bytes

  /// The lane's capacity that lengths are made for.
  public static let capacity = 16 << 10
  static let largest = capacity - 8

  static func length(_ number: Int, of producer: Int) -> Int {
    let random = mixed(Label(producer: producer, number: number).word ^ 0x5eed)
    let rest = Int(truncatingIfNeeded: (random >> 8) & 0xff_ffff)
    switch random & 0xff {
    case 0: return rest % (largest + 1)
    case 1: return largest
    case 2...17: return rest & 7
    default: return 8 + rest & 127
    }
  }

  public static func label(_ number: Int, of producer: Int) -> Label {
    let length = length(number, of: producer)
    return length < 8
      ? Label(producer: -1, number: length) : Label(producer: producer, number: number)
  }

  public static func send(
    _ number: Int, of producer: Int, to sender: inout Sender<Bytes>
  ) throws(ChannelError) {
    let length = length(number, of: producer)
    if number & 15 == 3 { _ = try sender.reserve(count: length / 2) }
    var loan = try sender.reserve(count: min(length + number & 31, largest))
    var elements = loan.elements
    fill(&elements, length, number, of: producer)
    loan.send(count: length)
  }

  public static func sendSuspending(
    _ number: Int, of producer: Int, to sender: inout Sender<Bytes>
  ) async throws(ChannelError) {
    let length = length(number, of: producer)
    if number & 15 == 3 { _ = try await sender.reserve(count: length / 2) }
    var loan = try await sender.reserve(count: min(length + number & 31, largest))
    var elements = loan.elements
    fill(&elements, length, number, of: producer)
    loan.send(count: length)
  }

  public static func label(of message: borrowing Message<Bytes>) -> Label? {
    label(of: message.elements)
  }

  // MARK: Content

  /// The first word is the label, the others follow from it, and what is no whole word is its place.
  static func fill(
    _ elements: inout MutableSpan<UInt8>, _ length: Int, _ number: Int, of producer: Int
  ) {
    let label = Label(producer: producer, number: number)
    let base = label.base
    unsafe elements.withUnsafeMutableBytes { bytes in
      let words = length / 8
      for index in 0..<words {
        let word = index == 0 ? label.word : base &+ UInt64(index)
        unsafe bytes.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
      }
      for index in words * 8..<length { unsafe bytes[index] = UInt8(truncatingIfNeeded: index) }
    }
  }

  static func label(of elements: Span<UInt8>) -> Label? {
    unsafe elements.withUnsafeBytes { bytes in
      let words = bytes.count / 8
      var difference: UInt64 = 0
      for index in words * 8..<bytes.count {
        difference |= unsafe UInt64(bytes[index] ^ UInt8(truncatingIfNeeded: index))
      }
      guard words > 0 else {
        return difference == 0 ? Label(producer: -1, number: bytes.count) : nil
      }
      let label = unsafe Label(word: bytes.load(as: UInt64.self))
      let base = label.base
      for index in 1..<words {
        difference |=
          unsafe bytes.load(fromByteOffset: index * 8, as: UInt64.self) ^ (base &+ UInt64(index))
      }
      let isWhole = difference == 0 && bytes.count == length(label.number, of: label.producer)
      return isWhole ? label : nil
    }
  }
}
