public import PsyneCore

/// Messages of three types in turn.
public enum MixedCargo: Cargo {
  public typealias Body = Mixed

  public static func send(
    _ number: Int, of producer: Int, to sender: inout Sender<Mixed>
  ) throws(ChannelError) {
    let label = Label(producer: producer, number: number)
    switch number % 3 {
    case 0: try sender.send(Item(label))
    case 1:
      let length = BytesCargo.length(number, of: producer)
      var loan = try sender.reserve(Bytes.self, count: length)
      var elements = loan.elements
      BytesCargo.fill(&elements, length, number, of: producer)
      loan.send()
    default:
      var loan = try sender.reserve(Vector<UInt64>.self, count: count(label))
      fill(&loan, label)
      loan.send()
    }
  }

  public static func sendSuspending(
    _ number: Int, of producer: Int, to sender: inout Sender<Mixed>
  ) async throws(ChannelError) {
    let label = Label(producer: producer, number: number)
    switch number % 3 {
    case 0: try await sender.send(Item(label))
    case 1:
      let length = BytesCargo.length(number, of: producer)
      var loan = try await sender.reserve(Bytes.self, count: length)
      var elements = loan.elements
      BytesCargo.fill(&elements, length, number, of: producer)
      loan.send()
    default:
      var loan = try await sender.reserve(Vector<UInt64>.self, count: count(label))
      fill(&loan, label)
      loan.send()
    }
  }

  public static func label(of message: borrowing Message<Mixed>) -> Label? {
    switch message.type {
    case Item.messageType:
      guard let item = try? message.as(Item.self) else { return nil }
      return item.value.label
    case .bytes:
      guard let bytes = try? message.as(Bytes.self) else { return nil }
      return BytesCargo.label(of: bytes.elements)
    case Vector<UInt64>.messageType:
      guard let vector = try? message.as(Vector<UInt64>.self) else { return nil }
      return label(of: vector.elements)
    default: return nil
    }
  }

  public static func label(_ number: Int, of producer: Int) -> Label {
    number % 3 == 1
      ? BytesCargo.label(number, of: producer) : Label(producer: producer, number: number)
  }

  // MARK: Vectors

  private static func count(_ label: Label) -> Int { 1 + Int(label.base & 31) }

  private static func fill(_ loan: inout Loan<Vector<UInt64>>, _ label: Label) {
    loan[0] = label.word
    for index in 1..<loan.count { loan[index] = label.base &+ UInt64(index) }
  }

  private static func label(of elements: Span<UInt64>) -> Label? {
    guard !elements.isEmpty else { return nil }
    let label = Label(word: elements[0])
    guard elements.count == count(label) else { return nil }
    for index in 1..<elements.count where elements[index] != label.base &+ UInt64(index) {
      return nil
    }
    return label
  }
}
