import Glibc
import PsyneCore
import Testing

/// Random words in random places of a lane, thousands of times: typed errors, and never a trap, a
/// hang, or a byte read outside the lane.
@Suite("Scribbled lanes")
struct ScribbleTests {
  @Test("random headers and frames are reported or read, never trusted")
  func random() throws {
    var random = Seed.random(for: "scribble")
    let rounds = Volume.messages(usual: 20_000, whole: 2_000_000)
    var outcomes = Outcomes()
    try watched {
      try scribble(Bytes.self, rounds, &random, &outcomes)
      try scribble(FloatVector.self, rounds, &random, &outcomes)
      try scribble(Vector<Wide>.self, rounds, &random, &outcomes)
      try scribble(DoubleMatrix.self, rounds, &random, &outcomes)
      try scribble(Text.self, rounds, &random, &outcomes)
      try scribble(Mixed.self, rounds, &random, &outcomes)
      try scribble(Byte1.self, rounds, &random, &outcomes)
      try scribble(Bytes12.self, rounds, &random, &outcomes)
      try scribble(Vector64.self, rounds, &random, &outcomes)
    }
    print("scribble: \(9 * rounds) lanes, \(outcomes)")
    // Were it otherwise, the test would not get where it wants to.
    #expect(outcomes.refused > 0 && outcomes.corrupt > 0 && outcomes.read > 0)
  }

  private struct Outcomes {
    var refused = 0
    var corrupt = 0
    var read = 0
    var other = 0
    var sum: UInt64 = 0
  }

  private func scribble<Body: MessageBody>(
    _ body: Body.Type, _ rounds: Int, _ random: inout SeededRandom, _ outcomes: inout Outcomes
  ) throws {
    let scratch = try Scratch()
    let unit = MessageFormat(Body.self).positionUnit
    for _ in 0..<rounds {
      scratch.reset()
      scribbleHeader(scratch, unit: unit, wildness: random.below(4), &random)
      scribbleFrames(scratch, type: Body.messageType, &random)
      let channel: SPSCChannel<Body> = try scratch.channel()
      guard var receiver = try? channel.receiver() else {
        outcomes.refused += 1
        continue
      }
      for _ in 0..<8 {
        do {
          switch random.below(8) {
          case 0: receiver.release()
          case 1: scribbleHeader(scratch, unit: unit, wildness: 1, &random)
          case 2: scribbleFrames(scratch, type: Body.messageType, &random)
          case 3:
            guard var batch = try receiver.receive(batch: 1 + random.below(9), timeout: .zero)
            else { continue }
            while let message = try batch.next() { outcomes.sum &+= touch(message) }
            outcomes.read += 1
          default:
            guard let message = try receiver.receive(timeout: .zero) else { continue }
            outcomes.sum &+= touch(message)
            outcomes.read += 1
          }
        } catch ChannelError.corrupt {
          outcomes.corrupt += 1
        } catch {
          outcomes.other += 1
        }
      }
      sendSome(channel, scratch, unit: unit, &random, &outcomes)
    }
  }

  /// What can be sent through a lane whose positions jump about is not asked; only that it returns.
  private func sendSome<Body: MessageBody>(
    _ channel: SPSCChannel<Body>, _ scratch: Scratch, unit: Int, _ random: inout SeededRandom,
    _ outcomes: inout Outcomes
  ) {
    guard var sender = try? channel.sender() else {
      outcomes.refused += 1
      return
    }
    for _ in 0..<4 {
      do {
        scribbleHeader(scratch, unit: unit, wildness: 1, &random)
        try sender.drain(timeout: .zero)
      } catch ChannelError.corrupt {
        outcomes.corrupt += 1
      } catch {
        outcomes.other += 1
      }
    }
  }

  private static let words = [
    LaneLayout.receiversParked, LaneLayout.senderParked, LaneLayout.senderAttached,
    LaneLayout.senderEnding, LaneLayout.senderEndings, LaneLayout.seenEndings,
  ]
  private static let slotWords = [
    ChannelLayout.parked, ChannelLayout.attached, ChannelLayout.ending, ChannelLayout.endings,
  ]
  private static let positions = [
    LaneLayout.tail, LaneLayout.head, LaneLayout.done, LaneLayout.senderEndPosition,
    LaneLayout.cursor(0, CursorLayout.handed),
  ]

  private func scribbleWord(_ scratch: Scratch, _ value: UInt32, _ random: inout SeededRandom) {
    if random.below(3) == 0 {
      scratch[word: Self.slotWords[random.below(Self.slotWords.count)], slot: 0] = value
    } else {
      scratch[word: Self.words[random.below(Self.words.count)]] = value
    }
  }

  /// Wildness 0 gives possible positions; more of it gives that many impossible ones at most.
  private func scribbleHeader(
    _ scratch: Scratch, unit: Int, wildness: Int, _ random: inout SeededRandom
  ) {
    if wildness != 1 {
      let head = random.below(1 << 20) * unit
      let length = random.below(scratch.capacity / unit + 1)
      scratch[position: LaneLayout.head] = head
      scratch[position: LaneLayout.done] = head + random.below(length + 1) * unit
      scratch[position: LaneLayout.tail] = head + length * unit
      scratch[position: LaneLayout.senderEndPosition] = head + length * unit
    }
    for _ in 0..<wildness {
      let offset = Self.positions[random.below(Self.positions.count)]
      let old = scratch[position: offset]
      let edges = [0, -1, .min, .max, old &+ 1, old &- 1, old &+ 8, old &- 8, old &+ 4096]
      scratch[position: offset] =
        random.below(3) == 0
        ? Int(truncatingIfNeeded: random.next()) : edges[random.below(edges.count)]
    }
    for _ in 0..<random.below(3) {
      let value =
        random.below(2) == 0 ? UInt32(random.below(3)) : UInt32(truncatingIfNeeded: random.next())
      scribbleWord(scratch, value, &random)
    }
  }

  /// Frame headers of possible and impossible lengths all over the lane.
  private func scribbleFrames(
    _ scratch: Scratch, type: MessageType, _ random: inout SeededRandom
  ) {
    for index in stride(from: 0, to: scratch.capacity, by: 8) {
      let bits = random.next()
      var length = bits & 0xffff_ffff
      if bits >> 32 & 7 != 0 { length = bits & 0x7f }
      let isRight = bits >> 35 & 7 != 0
      scratch[data: index] =
        length | (isRight ? UInt64(type.rawValue) : bits >> 40 & 0xffff) << 32
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

  @Test("a peer that writes anywhere at any time gets errors out of both ends, nothing else")
  func concurrent() throws {
    let scratch = try Scratch()
    let seed = Seed.random(for: "scribbler")
    let rounds = Volume.messages(usual: 400_000, whole: 20_000_000)
    let isOver = Flag()
    try watched {
      try beside {
        var random = seed
        while !isOver.isSet {
          switch random.below(4) {
          case 0:
            scratch[position: Self.positions[random.below(Self.positions.count)]] =
              random.below(2) == 0 ? random.below(1 << 14) : Int(truncatingIfNeeded: random.next())
          case 1: scribbleWord(scratch, UInt32(random.below(3)), &random)
          default:
            scratch[data: random.below(512) * 8] = random.next() & 0xa_0000_00ff
          }
        }
      } _: {
        defer { isOver.set() }
        var random = seed
        var outcomes = Outcomes()
        let channel = try scratch.channel(of: Bytes.self)
        var round = 0
        while round < rounds {
          guard var receiver = try? channel.receiver(), var sender = try? channel.sender() else {
            outcomes.refused += 1
            scratch.reset()
            continue
          }
          for _ in 0..<100 {
            round += 1
            do {
              if let loan = try sender.tryReserve(count: random.below(5000)) { loan.send() }
              if let message = try receiver.tryReceive() {
                outcomes.sum &+= touch(message)
                outcomes.read += 1
              }
            } catch ChannelError.corrupt {
              outcomes.corrupt += 1
            } catch {
              outcomes.other += 1
            }
          }
          scratch.reset()
        }
        print("scribbler: \(outcomes)")
      }
    }
  }
}
