import PsyneCore
import TestSupport
import Testing
import Traffic

/// Each counter counts exactly what has happened.
@Suite("Kinds: statistics")
struct StatisticsTests {
  static let shapes = TrafficShape.several

  @Test("messages and bytes that were sent, and who is there", arguments: shapes)
  func sent(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    let new = channel.statistics
    #expect(new.kind == shape.kind && new.capacity == 4096)
    #expect(new.senders.count == shape.producers && new.receivers.count == shape.consumers)
    #expect(new.messages == 0 && new.bytes == 0 && new.unreadBytes == 0)
    #expect(!new.senders[0].isAttached && !new.receivers[0].isAttached)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    #expect(channel.statistics.senders[0].isAttached && channel.statistics.receivers[0].isAttached)
    try sender.send(numbers: 0..<5)
    // What is staged is not sent, and what was dropped never is.
    do {
      var loan = try sender.reserve()
      loan.value = Item(5)
      loan.stage()
    }
    #expect(channel.statistics.messages == 5)
    sender.publish()
    _ = try sender.reserve()
    sender.publish()
    #expect(channel.statistics.messages == 6 && channel.statistics.bytes == 6 * 64)
    do {
      var batch = try sender.reserve(batch: 10)
      for index in 0..<4 { batch[index] = Item(6 + index) }
      batch.send(count: 4)
    }
    #expect(channel.statistics.messages == 10 && channel.statistics.bytes == 640)
    #expect(channel.statistics.unreadBytes == (shape.kind == .broadcast ? 0 : 640))
    let numbers = try receiver.numbersNow()
    #expect(numbers == Array(0..<10))
    sender.close()
    receiver.close()
    let last = channel.statistics
    #expect(!last.senders[0].isAttached && !last.receivers[0].isAttached)
    #expect(last.messages == 10 && last.senders[0].messages == 10)
    // The next sender counts on.
    var next = try channel.sender()
    try next.send(numbers: 0..<5)
    #expect(channel.statistics.messages == 15)
  }

  @Test("messages of any size are counted at once, though nobody sleeps", arguments: shapes)
  func sizes(_ shape: TrafficShape) throws {
    let channel = try shape.open(
      "memory://sizes", of: Bytes.self, in: makeRegistry(),
      options: ChannelOptions(capacity: .kibibytes(4)))
    var random = SeededGenerator(seed: 5)
    var sent = 0
    // Each sender counts on from the last.
    for _ in 0..<3 {
      var receiver = try channel.receiver()
      var sender = try channel.sender()
      var unread = 0
      for _ in 0..<200 {
        let count = Int.random(in: 0...600, using: &random)
        try sender.reserve(upTo: count).send(count: Int.random(in: 0...count, using: &random))
        sent += 1
        unread += count + 8
        #expect(channel.statistics.messages == sent)
        if unread > 2500 || Int.random(in: 0..<3, using: &random) == 0 {
          while try receiver.tryReceive() != nil {}
          unread = 0
        }
        // What is given up never was, and what is staged is not yet.
        if sent.isMultiple(of: 7) { _ = try sender.tryReserve(count: 10) }
        guard sent.isMultiple(of: 5) else { continue }
        for staged in 1...8 {
          try sender.reserve(count: 100).stage()
          // All or none of them are published, where there seems to be no room before one.
          #expect((sent...sent + staged).contains(channel.statistics.messages))
        }
        sender.publish()
        sent += 8
        while try receiver.tryReceive() != nil {}
        unread = 0
      }
      sender.close()
      while try receiver.receive() != nil {}
    }
    #expect(channel.statistics.messages == sent)
  }

  @Test("two senders count each in their own lane", arguments: [ChannelKind.mpsc, .mpmc])
  func senders(_ kind: ChannelKind) throws {
    let channel = try makeItems(TrafficShape(several: kind))
    var first = try channel.sender()
    var second = try channel.sender()
    try first.send(numbers: 0..<3)
    try second.send(numbers: 0..<11)
    let statistics = channel.statistics
    #expect(statistics.senders.map(\.messages) == [3, 11])
    #expect(statistics.senders.map(\.bytes) == [192, 704])
    #expect(statistics.messages == 14 && statistics.bytes == 896)
  }

  @Test("what is not read yet", arguments: [ChannelKind.spsc, .mpsc])
  func unread(_ kind: ChannelKind) throws {
    let channel = try makeItems(TrafficShape(several: kind))
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try sender.send(numbers: 0..<10)
    for read in 0..<10 {
      _ = try receiver.number()
      // The one that is lent is not read.
      #expect(channel.statistics.unreadBytes == (10 - read) * 64)
    }
    receiver.release()
    #expect(channel.statistics.unreadBytes == 0)
  }

  @Test("the most that was found unread", arguments: shapes)
  func highWater(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    var first = 0
    for (count, mark) in [(3, 192), (10, 640), (2, 640), (40, 2560)] {
      try sender.send(numbers: first..<first + count)
      let numbers = try receiver.numbersNow()
      #expect(numbers == Array(first..<first + count))
      first += count
      let statistics = channel.statistics
      #expect(statistics.highWaterMark == mark && statistics.receivers[0].highWaterMark == mark)
    }
  }

  @Test("how often a receiver waited, and a sender", arguments: shapes)
  func waits(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    var receiver = try channel.receiver()
    for _ in 0..<3 { _ = channelError { _ = try receiver.receive(timeout: .milliseconds(1)) } }
    // To look is not to wait.
    for _ in 0..<5 { _ = try receiver.tryReceive() }
    #expect(channel.statistics.emptyWaits == 3 && channel.statistics.receivers[0].emptyWaits == 3)
    var sender = try channel.sender()
    let sent = try sender.fill()
    for _ in 0..<4 { _ = channelError { _ = try sender.reserve(timeout: .milliseconds(1)) } }
    #expect(channel.statistics.fullWaits == 4 && channel.statistics.senders[0].fullWaits == 4)
    let numbers = try receiver.numbersNow()
    #expect(numbers.count == sent)
    #expect(channel.statistics.emptyWaits == 3)
  }

  @Test("how much a receiver of a broadcast has lost")
  func lost() throws {
    let channel = try makeItems(
      TrafficShape(.broadcast, 1, 2), options: ChannelOptions(capacity: .kibibytes(4), slow: .lose))
    var slow = try channel.receiver()
    var fast = try channel.receiver()
    var sender = try channel.sender()
    var lost = 0
    var next = 0
    for _ in 0..<5 {
      for _ in 0..<20 {
        try sender.send(numbers: next..<next + 30)
        next += 30
        _ = try fast.numbersNow()
      }
      while true {
        do {
          guard try slow.tryReceive() != nil else { break }
        } catch ChannelError.lost(let count) {
          lost += count
        }
      }
      let statistics = channel.statistics
      #expect(lost > 0 && statistics.lost == lost)
      #expect(statistics.receivers.map(\.lost) == [lost, 0])
    }
  }
}
