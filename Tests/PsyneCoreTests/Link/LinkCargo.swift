import PsyneCore

/// Messages whose number says how long they are and what they hold.
protocol LinkCargo: SendableMetatype {
  associatedtype Body: MessageBody
  /// Bytes that a message takes in a lane of `capacity`.
  static func frame(_ number: Int, in capacity: Int) -> Int
  /// False if there is no room.
  static func send(
    _ number: Int, in capacity: Int, by sender: inout Sender<Body>
  ) throws(ChannelError) -> Bool
  /// Whether the next message is the one of that number; nil if there is none.
  static func receive(
    _ number: Int, in capacity: Int, by receiver: inout Receiver<Body>
  ) throws(ChannelError) -> Bool?
}

extension LinkCargo {
  /// From none to the whole lane, mostly few.
  static func count(_ number: Int, in capacity: Int) -> Int {
    var random = SeededRandom(seed: UInt64(number))
    switch random.below(100) {
    case 0: return capacity - 8
    case 1...4: return random.below(capacity - 7)
    case 5...14: return random.below(8)
    default: return 8 + random.below(120)
    }
  }
}

enum BytesLinkCargo: LinkCargo {
  static func frame(_ number: Int, in capacity: Int) -> Int {
    (count(number, in: capacity) + 15) & ~7
  }

  static func send(
    _ number: Int, in capacity: Int, by sender: inout Sender<Bytes>
  ) throws(ChannelError) -> Bool {
    guard var loan = try sender.tryReserve(count: count(number, in: capacity)) else { return false }
    Pattern.fill(&loan, number)
    loan.send()
    return true
  }

  static func receive(
    _ number: Int, in capacity: Int, by receiver: inout Receiver<Bytes>
  ) throws(ChannelError) -> Bool? {
    guard let message = try receiver.tryReceive() else { return nil }
    return message.count == count(number, in: capacity) && Pattern.matches(message, number)
  }
}

/// 24 bytes, of which no lane holds a whole number.
enum StructLinkCargo: LinkCargo {
  static func frame(_ number: Int, in capacity: Int) -> Int { 24 }

  static func send(
    _ number: Int, in capacity: Int, by sender: inout Sender<Bytes24>
  ) throws(ChannelError) -> Bool {
    try sender.offer(Bytes24(number: UInt64(number)), whenFull: .dropNewest)
  }

  static func receive(
    _ number: Int, in capacity: Int, by receiver: inout Receiver<Bytes24>
  ) throws(ChannelError) -> Bool? {
    guard let message = try receiver.tryReceive() else { return nil }
    return message.value == Bytes24(number: UInt64(number))
  }
}

enum MixedLinkCargo: LinkCargo {
  static func frame(_ number: Int, in capacity: Int) -> Int {
    number % 3 == 0 ? 32 : (count(number, in: capacity) + 15) & ~7
  }

  static func send(
    _ number: Int, in capacity: Int, by sender: inout Sender<Mixed>
  ) throws(ChannelError) -> Bool {
    if number % 3 == 0 {
      return try sender.offer(Bytes24(number: UInt64(number)), whenFull: .dropNewest)
    }
    let count = count(number, in: capacity)
    guard var loan = try sender.tryReserve(Bytes.self, count: count) else { return false }
    Pattern.fill(&loan, number)
    loan.send()
    return true
  }

  static func receive(
    _ number: Int, in capacity: Int, by receiver: inout Receiver<Mixed>
  ) throws(ChannelError) -> Bool? {
    guard let message = try receiver.tryReceive() else { return nil }
    if number % 3 == 0 {
      guard let value = try message.as(Bytes24.self)?.value else { return false }
      return value == Bytes24(number: UInt64(number))
    }
    guard let bytes = try message.as(Bytes.self) else { return false }
    return bytes.count == count(number, in: capacity) && Pattern.matches(bytes, number)
  }
}
