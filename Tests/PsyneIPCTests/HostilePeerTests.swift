import Glibc
import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("Peers that write nonsense while we run", .serialized)
struct HostilePeerTests {
  @Test(
    "neither end crashes or hangs",
    arguments: ["sender", "receiver"], ["bytes", "matrix", "wide"])
  func scribbling(end: String, body: String) throws {
    let place = try Place()
    let board = try place.scoreboard()
    let seed = makeSeed("scribbling(\(end), \(body))")
    var random = SeededGenerator(seed: seed)
    let victim = try place.peer()
    try victim.tell("victim \(end) \(body)")
    try eventually("the victim has opened its channel") { board[.operations] > 0 }
    let scribbler = try Scribbler(path: place.path("victim"))
    let goal = isVerifying ? 500_000 : 20_000
    var writes = 0
    let giveUp = ContinuousClock.now + watchdog
    while board[.operations] < goal {
      for _ in 0..<64 { scribble(scribbler, &random) }
      // Sometimes one burst for each claim, so that the victim gets further.
      if writes & 0x4000 == 0 {
        let before = board[.operations]
        for _ in 0..<10_000 where board[.operations] == before {}
      }
      writes += 64
      guard writes % 65536 != 0 || ContinuousClock.now < giveUp else {
        throw TimedOut("the victim has done its work")
      }
      if writes % 65536 == 0, try victim.status("State").hasPrefix("Z") { break }
    }
    board[.stop] = 1
    let reply = try victim.reply(to: "victim")
    #expect(reply.hasPrefix("ok"), "\(reply)")
    print(
      "scribbling(\(end), \(body)): \(writes) writes, \(board[.operations]) claims, \(board[.errors]) errors, no crash"
    )
    #expect(board[.errors] > 0)
    try victim.finish()
    #expect(victim.wait() == .code(0))
  }

  func scribble(_ scribbler: Scribbler, _ random: inout SeededGenerator) {
    let lane = SegmentLayout.laneHeader
    let positions = [
      LaneLayout.tail, LaneLayout.head, LaneLayout.consumed, LaneLayout.senderEndPosition,
    ]
    let words = [
      LaneLayout.receiverParked, LaneLayout.senderParked, LaneLayout.senderAttached,
      LaneLayout.senderEnding, LaneLayout.senderEndings, LaneLayout.receiverAttached,
      LaneLayout.receiverEnding, LaneLayout.receiverEndings, LaneLayout.receiverSeenEndings,
    ]
    switch random.next() % 16 {
    case 0: scribbler.put(random.next(), at: lane + random.pick(positions))
    case 1...6:
      // Nearly right: relative to what stands there, by a little.
      let offset = lane + random.pick(positions)
      let other = lane + random.pick(positions)
      let step = Int64.random(in: -600...600, using: &random)
      scribbler.put(scribbler.get(Int64.self, at: other) &+ step, at: offset)
    case 7:
      // All as new, so that the victim gets on.
      for position in positions { scribbler.put(Int64(0), at: lane + position) }
    case 8:
      scribbler.put(
        UInt32.random(in: 0...3, using: &random), at: lane + random.pick(words))
    case 9:
      scribbler.put(
        random.next(), at: Int.random(in: 0...SegmentLayout.laneData - 8, using: &random))
    case 10...12:
      // A header of a frame.
      let offset = SegmentLayout.laneData + 8 * Int.random(in: 0..<512, using: &random)
      let type: UInt64 = random.next() % 4 == 0 ? random.next() & 0xffff : 10
      scribbler.put(UInt64.random(in: 0...100, using: &random) | type << 32, at: offset)
    default:
      let offset = SegmentLayout.laneData + 8 * Int.random(in: 0..<512, using: &random)
      scribbler.put(random.next() >> (random.next() % 64), at: offset)
    }
  }
}
