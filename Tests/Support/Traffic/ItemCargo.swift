public import PsyneCore

/// 64 bytes, each of which follows from the first 8.
public struct Item: FixedSizeMessage {
  public static let messageType: MessageType = 1234
  public var word: UInt64
  public var a, b, c, d, e, f, g: UInt64

  @inlinable
  init(_ label: Label) {
    word = label.word
    let base = label.base
    (a, b, c, d) = (base, base &+ 1, base &+ 2, base &+ 3)
    (e, f, g) = (~base, base &* 3, base &* 5)
  }

  /// One for tests that look at single messages.
  public init(_ number: Int) { self.init(Label(producer: 0, number: number)) }

  /// What it says it is; nil if it is not whole.
  @inlinable
  public var label: Label? {
    let label = Label(word: word)
    let base = label.base
    let isWhole =
      a == base && b == base &+ 1 && c == base &+ 2 && d == base &+ 3 && e == ~base
      && f == base &* 3 && g == base &* 5
    return isWhole ? label : nil
  }

  /// Its number; -1 if it is not whole.
  public var number: Int { label?.number ?? -1 }
}

/// Structs of a fixed size.
public enum ItemCargo: Cargo {
  public typealias Body = Item

  public static func send(
    _ number: Int, of producer: Int, to sender: inout Sender<Item>
  ) throws(ChannelError) {
    let item = Item(label(number, of: producer))
    guard number & 1 == 1 else { return try sender.send(item) }
    // A loan that is dropped leaves nothing behind.
    if number & 15 == 3 { _ = try sender.reserve() }
    var loan = try sender.reserve()
    loan.value = item
    if number & 7 == 5 { loan.stage() } else { loan.send() }
  }

  public static func sendSuspending(
    _ number: Int, of producer: Int, to sender: inout Sender<Item>
  ) async throws(ChannelError) {
    let item = Item(label(number, of: producer))
    guard number & 1 == 1 else { return try await sender.send(item) }
    if number & 15 == 3 { _ = try await sender.reserve() }
    var loan = try await sender.reserve()
    loan.value = item
    if number & 7 == 5 { loan.stage() } else { loan.send() }
  }

  @inlinable
  public static func label(of message: borrowing Message<Item>) -> Label? { message.value.label }

  @inlinable
  public static func label(_ number: Int, of producer: Int) -> Label {
    Label(producer: producer, number: number)
  }
}
