import PsyneCore
import Testing

/// The words that only channels with several ends have, written to by somebody else.
@Suite("Hostile lanes of several ends")
struct HostileKindsTests {
  static let hostile: [Int] = [-8, -1, .min, .max, .max - 7, 1 << 62, 1 << 40, 4104]

  private func scratch(_ kind: ChannelKind) throws -> Scratch {
    let several = kind == .mpmc || kind == .mpsc
    return try Scratch(
      ChannelShape(
        kind: kind, producers: several ? 2 : 1, consumers: kind == .mpsc ? 1 : 3, capacity: 4096))
  }

  /// A claim word: units of 8 bytes, and a slot counted from 1.
  private func claim(_ position: UInt64, _ slot: UInt64 = 0) -> Int {
    Int(truncatingIfNeeded: position << 6 | slot)
  }

  // MARK: Claims

  @Test(
    "a claim of what was never published is refused to whoever comes, and reported to who is there",
    arguments: [1, 513, 1 << 57, (1 << 58) - 1] as [UInt64], [0, 1, 3, 63] as [UInt64])
  func wildClaim(position: UInt64, slot: UInt64) throws {
    let scratch = try scratch(.spmc)
    let channel = try scratch.channel(SPMCChannel<Bytes>.self)
    var receiver = try channel.receiver()
    scratch[position: LaneLayout.claim] = claim(position, slot)
    for _ in 0..<2 {
      let error = channelError { _ = try receiver.receive(timeout: .zero) }
      #expect(error == .corrupt(.position))
      #expect(failure { _ = try channel.receiver() }?.code == .corrupt)
      #expect(failure { _ = try channel.sender() }?.code == .corrupt)
    }
    let canRecover = scratch.recovers(MessageFormat(Bytes.self))
    #expect(!canRecover)
  }

  @Test("a tail where no sender would have moved it is reported to who claims", arguments: hostile)
  func wildTail(tail: Int) throws {
    for position in [0, 8] as [UInt64] {
      let scratch = try scratch(.mpmc)
      let channel = try scratch.channel(MPMCChannel<Bytes>.self)
      var receiver = try channel.receiver()
      scratch[position: LaneLayout.claim] = claim(position)
      scratch[position: LaneLayout.tail] = tail
      let error = channelError { _ = try receiver.tryReceive() }
      // From the second position, one of them is possible, and what lies there is no message.
      #expect(error == .corrupt(.position) || position == 8 && error == .corrupt(.type))
    }
  }

  @Test("a sender finds out that a cursor is impossible", arguments: hostile)
  func wildCursor(position: Int) throws {
    let scratch = try scratch(.spmc)
    let channel = try scratch.channel(SPMCChannel<Bytes>.self)
    var sender = try channel.sender()
    while let loan = try sender.tryReserve(count: 8) { loan.send() }
    // All of it is claimed by the second receiver, says its cursor.
    scratch[position: LaneLayout.cursor(1, CursorLayout.done)] = position
    scratch[position: LaneLayout.cursor(1, CursorLayout.claimed)] = .max
    scratch[position: LaneLayout.cursor(1, CursorLayout.confirmed)] = .max
    let error = channelError {
      guard try sender.tryReserve(count: 8) != nil else { throw ChannelError.full }
    }
    #expect(error == .corrupt(.position) || error == .full)
  }

  @Test(
    "what a dead receiver seems to have left is checked before it is read",
    arguments: [
      // done, claimed
      (-8, 8), (.min, .max), (0, .max), (4, 16), (0, 4104), (.max - 8, .max - 1), (0, 24), (0, 16),
    ])
  func wildLeftovers(done: Int, claimed: Int) throws {
    let scratch = try scratch(.spmc)
    let channel = try scratch.channel(SPMCChannel<Bytes>.self)
    scratch.publish(bytes: 8, type: .bytes, tail: 16)
    scratch[position: LaneLayout.claim] = claim(2)
    var receiver = try channel.receiver()
    for offset in [CursorLayout.claimed, CursorLayout.confirmed] {
      scratch[position: LaneLayout.cursor(1, offset)] = claimed
    }
    scratch[position: LaneLayout.cursor(1, CursorLayout.done)] = done
    scratch[word: ChannelLayout.endings, slot: 1] = 1
    scratch[word: ChannelLayout.ending, slot: 1] = 2
    for _ in 0..<2 {
      var count: Int?
      let error = channelError { count = try receiver.receive(timeout: .zero)?.count }
      if done == 0 && claimed == 16 {
        #expect(count == 8 || error == .timedOut)
      } else {
        #expect(error == .corrupt(.length))
      }
    }
  }

  // MARK: Terms

  @Test("a term that no lane has is not waited for", arguments: [2, 1 << 63, .max] as [UInt64])
  func missingTerm(number: UInt64) throws {
    let scratch = try scratch(.broadcast)
    let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
    var sender = try channel.sender()
    scratch.term = number
    var receiver = try channel.receiver()
    try sender.reserve(count: 8, timeout: .zero).send()
    for _ in 0..<2 {
      // It may find the lane by itself.
      var count: Int?
      let error = channelError { count = try receiver.receive(timeout: .zero)?.count }
      #expect(count == 8 || error == .corrupt(.position) || error == .timedOut)
    }
  }

  @Test("a closed term after which none comes is reported")
  func noFollowingTerm() throws {
    let scratch = try scratch(.broadcast)
    let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
    let sender = try channel.sender()
    var receiver = try channel.receiver()
    for newest in [1, 2, .max] as [UInt64] {
      scratch.term = newest
      scratch[position: LaneLayout.termEnd] = 0
      let error = channelError { _ = try receiver.receive(timeout: .zero) }
      #expect(error == .corrupt(.position))
    }
    sender.close()
  }

  @Test("impossible terms are refused to a sender that comes", arguments: hostile)
  func wildTerm(value: Int) throws {
    let words = [LaneLayout.tail, LaneLayout.termStart, LaneLayout.termMessages]
    for offset in words where offset != LaneLayout.termMessages || value < 0 || value == .max {
      let scratch = try scratch(.broadcast)
      let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
      try channel.sender().close()
      scratch[position: offset] = value
      #expect(failure { _ = try channel.sender() }?.code == .corrupt, "\(offset)")
    }
    let scratch = try scratch(.broadcast)
    let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
    try channel.sender().close()
    scratch[position: LaneLayout.term] = -1
    #expect(failure { _ = try channel.sender() }?.code == .corrupt)
  }

  @Test("a lane that a broadcast goes on in is checked first", arguments: hostile)
  func wildNextLane(tail: Int) throws {
    let scratch = try scratch(.broadcast)
    let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
    var sender = try channel.sender()
    for lane in 1..<scratch.shape.lanes { scratch[position: LaneLayout.tail, lane: lane] = tail }
    let error = channelError {
      for _ in 0..<600 { try sender.reserve(count: 8, timeout: .zero).send() }
    }
    // Only the last ones are possible.
    #expect(error == ((0..<1 << 62).contains(tail) && tail % 8 == 0 ? nil : .corrupt(.position)))
  }

  @Test("a receiver checks the term that it goes on to", arguments: hostile)
  func wildNextTerm(value: Int) throws {
    for offset in [LaneLayout.termStart, LaneLayout.tail, LaneLayout.termMessages] {
      let scratch = try scratch(.broadcast)
      let channel = try scratch.channel(BroadcastChannel<Bytes>.self)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      for _ in 0..<300 { try sender.reserve(count: 8, timeout: .zero).send() }
      for lane in 1..<scratch.shape.lanes { scratch[position: offset, lane: lane] = value }
      let error = channelError {
        for _ in 0..<256 { _ = try receiver.receive(timeout: .zero) }
        _ = try receiver.receive(timeout: .zero)
      }
      let isLost = if case .lost = error { true } else { false }
      #expect(error == .corrupt(.position) || offset == LaneLayout.termMessages && isLost)
    }
  }
}
