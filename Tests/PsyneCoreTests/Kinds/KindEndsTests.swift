import PsyneCore
import Testing
import Traffic

/// How many ends there can be, and what becomes of the messages when one leaves.
@Suite("Kinds: ends")
struct KindEndsTests {
  static let shapes = TrafficShape.several

  @Test("each end is claimed as often as there can be, then the error says by whom", arguments: shapes)
  func claims(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    var senders = try (0..<shape.producers).map { _ in try channel.heldSender() }
    var receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
    #expect(channel.producers == shape.producers && channel.consumers == shape.consumers)
    let sender = failure { _ = try channel.sender() }
    let receiver = failure { _ = try channel.receiver() }
    for (error, role, count) in [
      (sender, "sender", shape.producers), (receiver, "receiver", shape.consumers),
    ] {
      #expect(error?.code == .inUse)
      let which = count == 1 ? "the \(role) of" : "each of the \(count) \(role)s of"
      #expect(error?.message.hasPrefix(which) == true)
      #expect(error?.message.contains("in use by this process") == true)
    }
    senders.removeFirst()
    receivers.removeFirst()
    #expect(failure { _ = try channel.sender() } == nil)
    #expect(failure { _ = try channel.receiver() } == nil)
  }

  @Test("the stream ends when the last sender has closed, for every receiver", arguments: shapes)
  func lastSender(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    var senders = try (0..<shape.producers).map { _ in try channel.heldSender() }
    let receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
    do {
      var last = senders.removeLast().take()
      try last.send(numbers: 0..<40)
    }
    var numbers: [Int] = []
    for held in receivers {
      var receiver = held.take()
      if !senders.isEmpty {
        numbers += try receiver.numbersNow()
        // One lives, and may still send.
        let error = channelError { _ = try receiver.receive(timeout: .milliseconds(1)) }
        #expect(error == .timedOut)
        senders.removeAll()
      }
      while let number = try receiver.number() { numbers.append(number) }
      let again = try receiver.number()
      #expect(again == nil, "asked again, it says so again")
      #expect(channelError { _ = try receiver.tryReceive() } == .closed)
    }
    #expect(numbers.sorted() == (0..<40).flatMap { Array(repeating: $0, count: shape.copies) })
  }

  @Test("who comes after a stream has ended serves the next", arguments: shapes)
  func nextSender(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    let receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
    var first = receivers[0].take()
    for round in 0..<20 {
      do {
        var sender = try channel.sender()
        try sender.send(numbers: round..<round + 1)
      }
      let number = try first.number()
      let end = try first.number()
      #expect(number == round && end == nil)
    }
  }

  @Test("what one had claimed when it left, the others get", arguments: [ChannelKind.spmc, .mpmc])
  func leftUnread(_ kind: ChannelKind) throws {
    let channel = try makeItems(TrafficShape(several: kind))
    var sender = try channel.sender()
    var stays = try channel.receiver()
    var received: [Int] = []
    do {
      var leaves = try channel.receiver()
      try sender.send(numbers: 0..<60)
      received += [try leaves.number() ?? -1]
      // More than the one message was claimed.
      received += try stays.numbersNow()
      #expect(received.count < 60)
    }
    received += try stays.numbersNow()
    #expect(received.sorted() == Array(0..<60))
    #expect(channel.statistics.redeliveries == 0, "it closed in order")
    // The whole lane is free again.
    let next = try sender.fill()
    #expect(next == 64)
  }

  @Test("one that reads nothing holds back what it has claimed, and nothing else",
    arguments: [ChannelKind.spmc, .mpmc])
  func idle(_ kind: ChannelKind) throws {
    let channel = try makeItems(TrafficShape(several: kind))
    var sender = try channel.sender()
    var idle = try channel.receiver(share: 4)
    var busy = try channel.receiver()
    try sender.send(numbers: 0..<60)
    let first = try idle.number()
    let others = try busy.numbersNow()
    #expect(first == 0 && others == Array(4..<60))
    // There is room for all but what is held back; the lane goes on behind it.
    let next = try sender.fill(from: 60)
    #expect(next == 64)
    let more = try busy.numbersNow()
    #expect(more == Array(60..<64))
    let rest = try idle.numbersNow()
    #expect(rest == [1, 2, 3])
  }

  @Test("with a share of one, messages are handed out one by one",
    arguments: [ChannelKind.spmc, .mpmc])
  func share(_ kind: ChannelKind) throws {
    let channel = try makeItems(TrafficShape(several: kind))
    var sender = try channel.sender()
    var first = try channel.receiver(share: 1)
    var second = try channel.receiver(share: 1)
    try sender.send(numbers: 0..<60)
    var numbers: [Int] = []
    for _ in 0..<15 {
      numbers += [try first.number() ?? -1, try second.number() ?? -1, try second.number() ?? -1]
      numbers += [try first.number() ?? -1]
    }
    #expect(numbers == Array(0..<60))
  }

  @Test("a receiver of a broadcast that comes late hears what is sent from then on")
  func lateComer() throws {
    let channel = try makeItems(TrafficShape(.broadcast, 1, 3))
    var sender = try channel.sender()
    try sender.send(numbers: 0..<10)
    var first = try channel.receiver()
    try sender.send(numbers: 10..<20)
    var second = try channel.receiver()
    try sender.send(numbers: 20..<30)
    sender.close()
    var third = try channel.receiver()
    let (one, two) = (try rest(of: &first), try rest(of: &second))
    #expect(one == Array(10..<30) && two == Array(20..<30))
    let nothing = try third.numbersNow()
    #expect(nothing.isEmpty)
  }

  private func rest(of receiver: inout Receiver<Item>) throws -> [Int] {
    var numbers: [Int] = []
    while let number = try receiver.number() { numbers.append(number) }
    return numbers
  }

  @Test("a broadcast that nobody hears goes on for ever")
  func unheard() throws {
    let channel = try makeItems(TrafficShape(.broadcast, 1, 2))
    var sender = try channel.sender()
    try sender.send(numbers: 0..<10_000)
    #expect(channel.statistics.messages == 10_000 && channel.statistics.lost == 0)
  }

  @Test("another kind, and other numbers of ends, are told apart when it is opened")
  func mismatches() throws {
    let registry = makeRegistry()
    let options = ChannelOptions(capacity: .kibibytes(4))
    for kind in ChannelKind.allCases {
      let kept = try TrafficShape(several: kind).open(
        "memory://c", of: Item.self, in: registry, options: options)
      for other in ChannelKind.allCases where other != kind {
        let error = failure {
          _ = try TrafficShape(several: other).open(
            "memory://c", of: Item.self, in: registry, options: options)
        }
        #expect(error?.code == .mismatch)
        #expect(error?.message.contains("is \(kind)") == true)
        #expect(error?.message.contains("as \(other)") == true)
      }
      for shape in [TrafficShape(kind, 3, 2), TrafficShape(kind, 2, 3)] {
        let (role, found) = shape.producers == 3 ? ("producers", 2) : ("consumers", 2)
        let isAsked =
          shape.producers == 3
          ? kind == .mpsc || kind == .mpmc : kind != .spsc && kind != .mpsc
        guard isAsked else { continue }
        let error = failure {
          _ = try shape.open("memory://c", of: Item.self, in: registry, options: options)
        }
        #expect(error?.code == .mismatch)
        #expect(error?.message.contains("\(found) \(role), not 3") == true)
      }
      // Who says nothing takes what there is.
      let same = try registry.open(
        "memory://d?producers=3", as: MPSCChannel<Item>.self, options: options)
      let silent = try registry.open("memory://d", as: MPSCChannel<Item>.self)
      #expect(silent.producers == 3 && same.producers == 3)
      #expect(kept.capacity == 4096)
    }
    for uri in ["memory://e?producers=2", "memory://e?consumers=2"] {
      let error = failure { _ = try registry.open(uri, as: SPSCChannel<Item>.self) }
      #expect(error?.code == .invalidOption)
    }
  }
}
