import PsyneCore
import Synchronization
import Testing
import Traffic

/// What a broadcast does about receivers that do not keep up.
@Suite("Kinds: slow readers of a broadcast")
struct SlowReaderTests {
  private func open(_ policy: SlowReaderPolicy, consumers: Int = 3) throws -> any Channel<Item> {
    try makeItems(
      TrafficShape(.broadcast, 1, consumers),
      options: ChannelOptions(capacity: .kibibytes(4), slow: policy))
  }

  // MARK: Block

  @Test("to block: the sender waits for the slowest, and nothing is lost")
  func block() throws {
    let channel = try open(.block, consumers: 2)
    var sender = try channel.sender()
    var slow = try channel.receiver()
    var fast = try channel.receiver()
    var read: [Int] = []
    var next = 0
    // The fast one reads whatever comes; in the end the slow one stops the sender all the same.
    while true {
      let before = next
      next = try sender.fill(from: next)
      read += try fast.numbersNow()
      if next == before { break }
    }
    #expect(read == Array(0..<next))
    // It has as many lanes as it never uses all: the slow one holds back at least one.
    #expect(next >= 64 && next <= 4 * 64)
    #expect(channelError { _ = try sender.offer(Item(next), whenFull: .fail) } == .full)
    let late = try slow.numbersNow()
    #expect(late == Array(0..<next))
    let more = try sender.fill(from: next)
    #expect(more > next)
    #expect(channel.statistics.lost == 0)
  }

  @Test("to block: one that sleeps for room is woken by the receiver, and by its leaving")
  func blockWakes() throws {
    for leaves in [false, true] {
      let channel = try open(.block, consumers: 1)
      let held = try channel.heldReceiver()
      let sent = Counter()
      try watched {
        try beside {
          var sender = try channel.sender(waiting: .park)
          for number in 0..<2000 {
            try sender.send(Item(number))
            sent.add(1)
          }
        } _: {
          var receiver = held.take()
          while channel.statistics.fullWaits == 0 { pauseBriefly() }
          #expect(sent.value < 2000)
          if leaves {
            _ = try receiver.number()
            receiver.close()
          } else {
            for number in 0..<2000 {
              let received = try receiver.number()
              #expect(received == number)
            }
          }
        }
      }
      #expect(sent.value == 2000)
    }
  }

  // MARK: Lose

  @Test("to lose: the sender never waits, though every receiver stands in the middle of a message")
  func loseAllStopped() throws {
    let channel = try open(.lose)
    var sender = try channel.sender()
    var a = try channel.receiver()
    var b = try channel.receiver()
    var c = try channel.receiver()
    let count = 100_000
    // Each in another lane.
    try sender.send(numbers: 0..<60)
    let first = try a.number()
    try sender.send(numbers: 60..<100)
    let second = try b.numbersNow().last
    try sender.send(numbers: 100..<200)
    let third = try c.numbersNow().first
    #expect(first == 0 && second == 99 && third == 0)
    try sender.send(numbers: 200..<count)
    #expect(channel.statistics.fullWaits == 0)
    sender.close()
    try expectAll(&a, first: 1, of: count)
    try expectAll(&b, first: 100, of: count)
    try expectAll(&c, first: 200, of: count)
  }

  /// What is received from `first` on, and what is said to be lost, is exactly what was sent.
  private func expectAll(
    _ receiver: inout Receiver<Item>, first: Int, of count: Int
  ) throws {
    var next = first
    var losses = 0
    while true {
      do {
        guard let number = try receiver.number() else { break }
        guard number == next else { throw Wrong(message: next) }
        next += 1
      } catch ChannelError.lost(let messages) {
        #expect(messages > 0)
        next += messages
        losses += 1
      }
    }
    // The next message is the one after those that were lost: the number is exact at each place.
    #expect(next == count && losses > 0)
  }

  @Test("to lose: a message that is lent keeps its content while the sender goes round and round")
  func lent() throws {
    let channel = try open(.lose)
    var sender = try channel.sender()
    let counts = [1, 30, 64]
    let receivers = try counts.map { _ in try channel.heldReceiver() }
    try sender.send(numbers: 0..<64)
    try hold(receivers[0], counts[0], &sender) { sender in
      try hold(receivers[1], counts[1], &sender) { sender in
        try hold(receivers[2], counts[2], &sender) { sender in
          try sender.send(numbers: 64..<200_000)
        }
      }
    }
    #expect(channel.statistics.fullWaits == 0)
  }

  /// Reads `count` messages and looks at the last one again after `body`.
  private func hold(
    _ held: Held<Receiver<Item>>, _ count: Int, _ sender: inout Sender<Item>,
    _ body: (inout Sender<Item>) throws -> Void
  ) throws {
    var receiver = held.take()
    for _ in 1..<count { _ = try receiver.number() }
    guard let message = try receiver.tryReceive() else { throw Wrong(message: count - 1) }
    try body(&sender)
    let number = message.value.number
    #expect(number == count - 1)
  }

  @Test("to lose: what receivers of any speed get and miss adds up to what was sent")
  func loseVolume() throws {
    let count = Volume.messages(usual: 300_000, whole: 10_000_000)
    let registry = makeRegistry()
    let channel = try TrafficShape(.broadcast, 1, 4).open(
      "memory://lose", of: Bytes.self, in: registry,
      options: ChannelOptions(capacity: .bytes(BytesCargo.capacity), slow: .lose))
    let receivers = try (0..<4).map { _ in try channel.heldReceiver() }
    let losses = Counter()
    try watched(minutes: 30) {
      let readers = receivers.enumerated().map { index, held in
        TestThread {
          var receiver = held.take()
          let report = try BytesCargo.receive(
            from: &receiver, producers: 1, as: ReceiveStyle(ofReceiver: index))
          guard report.count + report.lost == count, report.damaged + report.disordered == 0
          else { throw Wrong(message: report.count) }
          losses.add(report.lost)
        }
      }
      do {
        var sender = try channel.sender()
        try BytesCargo.send(upTo: count, of: 0, to: &sender)
      }
      for reader in readers { try reader.join() }
    }
    let statistics = channel.statistics
    #expect(statistics.lost == losses.value && statistics.messages == count)
    #expect(statistics.fullWaits == 0)
    print("loseVolume: \(losses.value) of \(4 * count) deliveries lost")
  }

  // MARK: Evict

  @Test("to evict: who does not keep up is told so and can come again; the others miss nothing")
  func evict() throws {
    let channel = try open(.evict)
    var sender = try channel.sender()
    var keepsUp = try channel.receiver()
    var read: [Int] = []
    do {
      var slow = try channel.receiver()
      try sender.send(numbers: 0..<1)
      let first = try slow.number()
      #expect(first == 0)
      for round in 0..<100 {
        try sender.send(numbers: 1 + 30 * round..<1 + 30 * (round + 1))
        read += try keepsUp.numbersNow()
      }
      for _ in 0..<2 { #expect(channelError { _ = try slow.receive() } == .evicted) }
      #expect(channelError { _ = try slow.tryReceive() } == .evicted)
    }
    #expect(read == Array(0..<3001))
    #expect(channel.statistics.fullWaits == 0)
    var again = try channel.receiver()
    try sender.send(numbers: 5000..<5003)
    let heard = try again.numbersNow()
    #expect(heard == [5000, 5001, 5002])
  }

  @Test("the policy is the address's or the program's, and to block where neither says")
  func said() throws {
    let registry = makeRegistry()
    func isStopped(_ uri: String, _ policy: SlowReaderPolicy? = nil) throws -> Bool {
      let channel = try BroadcastChannel<Item>(
        uri, consumers: 2, capacity: .kibibytes(4), slowReaders: policy, registry: registry)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      try sender.send(numbers: 0..<1)
      _ = try receiver.number()
      for number in 1..<1000 {
        guard try sender.offer(Item(number), whenFull: .dropNewest) else { return true }
      }
      _ = try? receiver.number()
      return false
    }
    #expect(try isStopped("memory://a"))
    #expect(try isStopped("memory://b?slow=block"))
    #expect(try !isStopped("memory://c?slow=lose"))
    #expect(try !isStopped("memory://d?slow=evict"))
    #expect(try !isStopped("memory://e", .lose))
  }
}
