import Glibc
import PsyneCore
import Testing

/// Random words in random places of channels with several ends: typed errors or odd messages, and
/// never a trap, a hang, or a byte read outside the lanes.
@Suite("Scribbled lanes of several ends")
struct ScribbledKindsTests {
  private struct Outcomes {
    var refused = 0
    var corrupt = 0
    var read = 0
    var sent = 0
    var other = 0
    var sum: UInt64 = 0
  }

  @Test("random headers and frames are reported or read, never trusted")
  func random() throws {
    var random = Seed.random(for: "scribbled kinds")
    let rounds = Volume.messages(usual: 5_000, whole: 500_000)
    try watched {
      try scribble(MPSCChannel<Bytes>.self, rounds, &random)
      try scribble(SPMCChannel<Bytes>.self, rounds, &random)
      try scribble(MPMCChannel<Bytes>.self, rounds, &random)
      try scribble(BroadcastChannel<Bytes>.self, rounds, &random)
      try scribble(MPSCChannel<Bytes12>.self, rounds, &random)
      try scribble(SPMCChannel<Bytes12>.self, rounds, &random)
      try scribble(MPMCChannel<Bytes12>.self, rounds, &random)
      try scribble(BroadcastChannel<Bytes12>.self, rounds, &random)
    }
  }

  private static func scratch<Opened: Channel>(_ channel: Opened.Type) throws -> Scratch {
    let several = Opened.kind == .mpmc || Opened.kind == .mpsc
    return try Scratch(
      ChannelShape(
        kind: Opened.kind, producers: several ? 2 : 1, consumers: Opened.kind == .mpsc ? 1 : 3,
        capacity: 4096))
  }

  private func scribble<Opened: Channel>(
    _ kind: Opened.Type, _ rounds: Int, _ random: inout SeededRandom
  ) throws {
    var outcomes = Outcomes()
    let scratch = try Self.scratch(kind)
    let words = HostileWords(scratch, unit: MessageFormat(Opened.Body.self).positionUnit)
    for _ in 0..<rounds {
      scratch.reset()
      words.makePossible(&random)
      for _ in 0..<random.below(4) { words.scribble(&random) }
      words.scribbleFrames(type: Opened.Body.messageType, &random)
      use(try scratch.channel(kind), words, &random, &outcomes)
    }
    print("scribbled \(Opened.kind) of \(Opened.Body.self): \(rounds) rounds, \(outcomes)")
    // Were it otherwise, the test would not get where it wants to.
    #expect(outcomes.refused > 0 && outcomes.corrupt > 0 && outcomes.read > 0)
  }

  private func use<Opened: Channel>(
    _ channel: Opened, _ words: HostileWords, _ random: inout SeededRandom,
    _ outcomes: inout Outcomes
  ) {
    guard var receiver = try? channel.receiver() else {
      outcomes.refused += 1
      return
    }
    for _ in 0..<8 {
      switch random.below(8) {
      case 0: receiver.release()
      case 1: words.scribble(&random)
      case 2: words.scribbleFrames(type: Opened.Body.messageType, &random)
      case 3:
        guard var other = try? channel.receiver(share: 1 + random.below(8)) else { continue }
        for _ in 0..<3 { read(&other, &outcomes) }
      case 4:
        guard var sender = try? channel.sender() else {
          outcomes.refused += 1
          continue
        }
        words.scribble(&random)
        send(&sender, &outcomes)
      default: read(&receiver, &outcomes)
      }
    }
  }

  private func read<Body: MessageBody>(
    _ receiver: inout Receiver<Body>, _ outcomes: inout Outcomes
  ) {
    do {
      guard let message = try receiver.receive(timeout: .zero) else { return }
      outcomes.sum &+= touch(message)
      outcomes.read += 1
    } catch ChannelError.corrupt {
      outcomes.corrupt += 1
    } catch {
      outcomes.other += 1
    }
  }

  /// What can be sent through a lane whose positions jump about is not asked; only that it returns.
  private func send<Body: MessageBody>(
    _ sender: inout Sender<Body>, _ outcomes: inout Outcomes
  ) {
    do {
      try sender.drain(timeout: .zero)
      outcomes.sent += 1
    } catch ChannelError.corrupt {
      outcomes.corrupt += 1
    } catch {
      outcomes.other += 1
    }
  }

  /// Reads everything of a message.
  private func touch<Body: MessageBody>(_ message: borrowing Message<Body>) -> UInt64 {
    var sum: UInt64 = 0
    let elements = message.elements
    for index in elements.indices {
      let element = elements[index]
      sum &+= unsafe withUnsafeBytes(of: element) { bytes in
        unsafe bytes.reduce(0) { $0 &+ UInt64($1) }
      }
    }
    return sum
  }

  // MARK: While they run

  @Test("a peer that writes anywhere at any time gets errors out of all ends, nothing else")
  func concurrent() throws {
    try concurrent(MPSCChannel<Bytes>.self)
    try concurrent(SPMCChannel<Bytes>.self)
    try concurrent(MPMCChannel<Bytes>.self)
    try concurrent(BroadcastChannel<Bytes>.self)
  }

  private func concurrent<Opened: Channel>(
    _ kind: Opened.Type
  ) throws where Opened.Body == Bytes {
    let scratch = try Self.scratch(kind)
    let words = HostileWords(scratch, unit: 8)
    let seed = Seed.random(for: "scribbler of \(Opened.kind)")
    let rounds = Volume.messages(usual: 100_000, whole: 5_000_000)
    let isOver = Flag()
    try watched {
      try beside {
        var random = seed
        while !isOver.isSet {
          switch random.below(16) {
          case 0: words.scribble(&random)
          case 1...2: words.makePossible(&random)
          default:
            scratch[data: random.below(512 * scratch.shape.lanes) * 8] =
              random.next() & 0xa_0000_00ff
          }
        }
      } _: {
        defer { isOver.set() }
        var random = seed
        var outcomes = Outcomes()
        let channel = try scratch.channel(kind)
        var round = 0
        while round < rounds {
          round += 1
          guard var receiver = try? channel.receiver(), var sender = try? channel.sender() else {
            outcomes.refused += 1
            scratch.reset()
            continue
          }
          for _ in 0..<100 {
            round += 1
            do {
              // What another writes at the same time is no message, but it has an end.
              if let loan = try sender.tryReserve(count: random.below(5000)) { loan.send() }
              outcomes.sent += 1
            } catch ChannelError.corrupt {
              outcomes.corrupt += 1
            } catch {
              outcomes.other += 1
            }
            read(&receiver, &outcomes)
          }
        }
        print("scribbler of \(Opened.kind): \(outcomes)")
      }
    }
  }
}

/// The words of a channel that others rely on.
private struct HostileWords: Sendable {
  private let scratch: Scratch
  private let unit: Int
  private let shape: ChannelShape

  init(_ scratch: Scratch, unit: Int) {
    self.scratch = scratch
    self.unit = unit
    shape = scratch.shape
  }

  private static let positions = [
    LaneLayout.tail, LaneLayout.head, LaneLayout.senderEndPosition, LaneLayout.claim,
    LaneLayout.term, LaneLayout.termStart, LaneLayout.termMessages, LaneLayout.termEnd,
    LaneLayout.termEndMessages,
  ]
  private static let cursors = [
    CursorLayout.done, CursorLayout.claimed, CursorLayout.confirmed, CursorLayout.handed,
    CursorLayout.released, CursorLayout.pinned,
  ]
  private static let words = [
    LaneLayout.receiversParked, LaneLayout.senderParked, LaneLayout.senderAttached,
    LaneLayout.senderEnding, LaneLayout.senderEndings, LaneLayout.seenEndings,
  ]
  private static let slotWords = [
    ChannelLayout.parked, ChannelLayout.attached, ChannelLayout.ending, ChannelLayout.endings,
    ChannelLayout.evicted,
  ]

  /// Leaves every lane as senders and receivers can have left it.
  func makePossible(_ random: inout SeededRandom) {
    for lane in 0..<shape.lanes {
      let head = random.below(1 << 20) * unit
      let length = random.below(shape.capacity / unit + 1)
      let read = head + random.below(length + 1) * unit
      scratch[position: LaneLayout.head, lane: lane] = head
      scratch[position: LaneLayout.tail, lane: lane] = head + length * unit
      scratch[position: LaneLayout.senderEndPosition, lane: lane] = head + length * unit
      scratch[position: LaneLayout.claim, lane: lane] =
        (read / unit) << 6 | random.below(shape.consumers + 1)
      for slot in 0..<shape.consumers {
        // Nothing, or some of what was claimed.
        let isHeld = random.below(3) == 0 && read - head >= unit
        let done = isHeld ? head + random.below((read - head) / unit) * unit : read
        scratch[position: LaneLayout.cursor(slot, CursorLayout.done), lane: lane] = done
        scratch[position: LaneLayout.cursor(slot, CursorLayout.claimed), lane: lane] = read
        scratch[position: LaneLayout.cursor(slot, CursorLayout.confirmed), lane: lane] = read
        if shape.kind == .broadcast {
          scratch[position: LaneLayout.cursor(slot, CursorLayout.pinned), lane: lane] =
            random.below(shape.lanes)
        }
      }
      scratch[position: LaneLayout.term, lane: lane] = lane
      scratch[position: LaneLayout.termStart, lane: lane] = head
      scratch[position: LaneLayout.termMessages, lane: lane] = 10 * lane
      scratch[position: LaneLayout.termEndMessages, lane: lane] = 10 * lane + 10
      scratch[position: LaneLayout.termEnd, lane: lane] =
        lane == shape.lanes - 1 ? -1 : head + length * unit
    }
    scratch.term = UInt64(shape.lanes - 1)
  }

  /// Overwrites one word.
  func scribble(_ random: inout SeededRandom) {
    let lane = random.below(shape.lanes)
    let slot = random.below(shape.consumers)
    switch random.below(8) {
    case 0: scratch[word: Self.words[random.below(Self.words.count)], lane: lane] = word(&random)
    case 1:
      scratch[word: Self.slotWords[random.below(Self.slotWords.count)], slot: slot] = word(&random)
    case 2: scratch.term = UInt64(truncatingIfNeeded: position(Int(scratch.term & 0xff), &random))
    case 3...5:
      let offset = LaneLayout.cursor(slot, Self.cursors[random.below(Self.cursors.count)])
      scratch[position: offset, lane: lane] = position(
        scratch[position: offset, lane: lane], &random)
    default:
      let offset = Self.positions[random.below(Self.positions.count)]
      scratch[position: offset, lane: lane] = position(
        scratch[position: offset, lane: lane], &random)
    }
  }

  private func word(_ random: inout SeededRandom) -> UInt32 {
    random.below(2) == 0 ? UInt32(random.below(3)) : UInt32(truncatingIfNeeded: random.next())
  }

  /// Anything, or nearly what stood there.
  private func position(_ old: Int, _ random: inout SeededRandom) -> Int {
    let edges = [
      0, -1, .min, .max, 1 << 62, old &+ 1, old &- 1, old &+ unit, old &- unit,
      old &+ shape.capacity,
    ]
    return random.below(3) == 0
      ? Int(truncatingIfNeeded: random.next()) : edges[random.below(edges.count)]
  }

  /// Frame headers of possible and impossible lengths all over the lanes.
  func scribbleFrames(type: MessageType, _ random: inout SeededRandom) {
    for index in stride(from: 0, to: shape.capacity * shape.lanes, by: 8) {
      let bits = random.next()
      var length = bits & 0xffff_ffff
      if bits >> 32 & 7 != 0 { length = bits & 0x7f }
      let isRight = bits >> 35 & 7 != 0
      scratch[data: index] =
        length | (isRight ? UInt64(type.rawValue) : bits >> 40 & 0xffff) << 32
    }
  }
}
