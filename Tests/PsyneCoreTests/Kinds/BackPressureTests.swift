import PsyneCore
import Testing
import Traffic

/// What a sender does when there is no room: as it is told for each message, for all of its own, or for
/// the channel.
@Suite("Kinds: no room")
struct BackPressureTests {
  static let shapes = TrafficShape.several

  /// A channel without room, with a receiver that reads nothing.
  private func full(
    _ shape: TrafficShape, _ body: (any Channel<Item>, inout Sender<Item>, inout Receiver<Item>)
      throws -> Void
  ) throws {
    let channel = try makeItems(shape)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    _ = try sender.fill()
    try body(channel, &sender, &receiver)
  }

  @Test("to fail, at once", arguments: shapes)
  func fail(_ shape: TrafficShape) throws {
    try full(shape) { channel, sender, _ in
      #expect(channelError { try sender.offer(Item(0), whenFull: .fail) } == .full)
      #expect(channelError { _ = try sender.offer(whenFull: .fail) } == .full)
      let statistics = channel.statistics
      #expect(statistics.fullWaits == 0 && statistics.drops == 0)
    }
  }

  @Test("to wait for at most so long", arguments: shapes)
  func waitUpTo(_ shape: TrafficShape) throws {
    try full(shape) { channel, sender, _ in
      let start = ContinuousClock.now
      let error = channelError {
        try sender.offer(Item(0), whenFull: .waitUpTo(.milliseconds(20)))
      }
      #expect(error == .timedOut)
      #expect(ContinuousClock.now - start >= .milliseconds(20))
      #expect(channel.statistics.fullWaits == 1)
    }
  }

  @Test("to drop the message, which both sides can see", arguments: shapes)
  func dropNewest(_ shape: TrafficShape) throws {
    let registry = makeRegistry()
    func open() throws -> any Channel<Item> {
      try shape.open(
        "memory://c", of: Item.self, in: registry,
        options: ChannelOptions(capacity: .kibibytes(4)))
    }
    let (here, there) = (try open(), try open())
    var receiver = try there.receiver()
    var sender = try here.sender()
    let sent = try sender.fill()
    for number in 0..<7 {
      let isSent = try sender.offer(Item(1000 + number), whenFull: .dropNewest)
      #expect(!isSent)
    }
    do {
      let loan = try sender.offer(whenFull: .dropNewest)
      let isDropped = loan == nil
      #expect(isDropped)
    }
    #expect(here.statistics.drops == 8 && there.statistics.drops == 8)
    #expect(here.statistics.messages == sent && here.statistics.fullWaits == 0)
    // What was sent before arrives, what was dropped does not, and then there is room.
    let numbers = try receiver.numbersNow()
    #expect(numbers == Array(0..<sent))
    let isSent = try sender.offer(Item(2000), whenFull: .dropNewest)
    let number = try receiver.number()
    #expect(isSent && number == 2000)
    #expect(there.statistics.drops == 8)
  }

  @Test("to wait until there is room", arguments: shapes)
  func wait(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    let held = try channel.heldReceiver()
    let sent = Counter()
    try watched {
      try beside {
        var sender = try channel.sender()
        sent.add(try sender.fill())
        let isSent = try sender.offer(Item(sent.value), whenFull: .wait)
        #expect(isSent)
      } _: {
        while channel.statistics.fullWaits == 0 { pauseBriefly() }
        var receiver = held.take()
        var next = 0
        while let number = try receiver.number() {
          #expect(number == next)
          next += 1
        }
        #expect(next == sent.value + 1)
      }
    }
    #expect(channel.statistics.fullWaits == 1 && channel.statistics.drops == 0)
  }

  /// What an offer says on a channel without room.
  private func answer(
    _ uri: String = "memory://c", _ options: ChannelOptions = ChannelOptions(),
    whenFull: WhenFull? = nil
  ) throws -> String {
    var options = options
    options.capacity = .kibibytes(4)
    let channel: SPSCChannel<Item> = try makeRegistry().open(uri, options: options)
    var sender = try channel.sender(whenFull: whenFull)
    _ = try sender.fill()
    do {
      return try sender.offer(Item(0)) ? "sent" : "dropped \(channel.statistics.drops)"
    } catch {
      return "\(error)"
    }
  }

  @Test("what is not said for a message is the sender's, the program's or the address's to say")
  func defaults() throws {
    let (full, timedOut) = ("\(ChannelError.full)", "\(ChannelError.timedOut)")
    #expect(try answer("memory://c?full=fail") == full)
    #expect(try answer("memory://c?full=drop") == "dropped 1")
    #expect(try answer("memory://c?full=5ms") == timedOut)
    #expect(try answer("memory://c", ChannelOptions(full: .fail)) == full)
    #expect(try answer("memory://c", ChannelOptions(full: .dropNewest)) == "dropped 1")
    #expect(try answer("memory://c", ChannelOptions(full: .waitUpTo(.microseconds(1)))) == timedOut)
    #expect(try answer("memory://c?full=fail", whenFull: .dropNewest) == "dropped 1")
    // The default waits.
    let channel = try makeItems(TrafficShape(several: .spsc))
    var sender = try channel.sender()
    #expect(sender.whenFull == .wait)
    sender.whenFull = .fail
    _ = try sender.fill()
    #expect(channelError { try sender.offer(Item(0)) } == .full)
  }

  @Test("every body can be offered")
  func bodies() throws {
    let registry = makeRegistry()
    let options = ChannelOptions(capacity: .kibibytes(4), full: .dropNewest)
    func offers<Body: MessageBody>(
      _ body: Body.Type, _ offer: (inout Sender<Body>) throws -> Bool
    ) throws -> (Int, ChannelStatistics) {
      let channel: SPSCChannel<Body> = try registry.open("memory://\(Body.messageType.rawValue)", options: options)
      var sender = try channel.sender()
      var sent = 0
      while try offer(&sender) { sent += 1 }
      return (sent, channel.statistics)
    }
    let results = [
      try offers(Bytes.self) { try $0.offer(copying: [UInt8](repeating: 1, count: 1000).span) },
      try offers(FloatVector.self) { sender in
        guard let loan = try sender.offer(count: 250) else { return false }
        loan.send()
        return true
      },
      try offers(Text.self) { try $0.offer(String(repeating: "a", count: 1000)) },
      try offers(DoubleMatrix.self) { sender in
        guard let loan = try sender.offer(rows: 5, columns: 25) else { return false }
        loan.send()
        return true
      },
      try offers(Mixed.self) { sender in
        guard let loan = try sender.offer(Bytes.self, count: 932) else { return false }
        loan.send()
        return try sender.offer(Item(0))
      },
    ]
    for (sent, statistics) in results {
      #expect(sent == 4 || sent == 3)
      #expect(statistics.drops == 1)
      #expect(statistics.messages >= sent)
    }
  }

  @Test("what can never fit is an error, whatever is to be done when there is no room")
  func tooLarge() throws {
    let channel: SPSCChannel<Bytes> = try makeRegistry().open("memory://c?capacity=4KiB")
    var sender = try channel.sender()
    for whenFull in [WhenFull.wait, .fail, .dropNewest, .waitUpTo(.seconds(1))] {
      let error = channelError { _ = try sender.offer(count: 5000, whenFull: whenFull) }
      guard case .tooLarge = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(channel.statistics.drops == 0)
  }
}
