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
  func single(end: String, body: String) throws {
    try scribble(end, body, .spsc, goal: isVerifying ? 500_000 : 20_000)
  }

  @Test(
    "nor does an end of a channel of another kind", arguments: ["sender", "receiver"],
    [ChannelKind.mpsc, .spmc, .mpmc, .broadcast])
  func several(end: String, kind: ChannelKind) throws {
    try scribble(end, "bytes", kind, goal: isVerifying ? 200_000 : 5_000)
  }

  private func scribble(_ end: String, _ body: String, _ kind: ChannelKind, goal: Int) throws {
    let place = try Place()
    let board = try place.scoreboard()
    let seed = makeSeed("scribbling(\(end), \(body), \(kind))")
    var random = SeededGenerator(seed: seed)
    let victim = try place.peer()
    try victim.tell("victim \(end) \(body) \(kind.rawValue)")
    try eventually("the victim has opened its channel") { board[.operations] > 0 }
    let scribbler = try Scribbler(path: place.path("victim"))
    let words = HostileWords(.several(kind, capacity: 4096))
    #expect(scribbler.count == words.data.upperBound)
    var writes = 0
    let giveUp = ContinuousClock.now + watchdog
    while board[.operations] < goal {
      for _ in 0..<64 { scribble(scribbler, words, &random) }
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
      "scribbling(\(end), \(body), \(kind)): \(writes) writes, \(board[.operations]) claims, "
        + "\(board[.errors]) errors, no crash")
    #expect(board[.errors] > 0)
    try victim.finish()
    #expect(victim.wait() == .code(0))
  }

  private func scribble(
    _ scribbler: Scribbler, _ words: HostileWords, _ random: inout SeededGenerator
  ) {
    switch random.next() % 16 {
    case 0: scribbler.put(random.next(), at: random.pick(words.positions))
    case 1...5:
      // Nearly right: relative to what stands there, by a little.
      let other = random.pick(words.positions)
      let step = Int64.random(in: -600...600, using: &random)
      scribbler.put(
        scribbler.get(Int64.self, at: other) &+ step, at: random.pick(words.positions))
    case 6:
      // How many units were claimed, and by whom.
      let units = UInt64.random(in: 0...600, using: &random)
      scribbler.put(
        units << 6 | UInt64.random(in: 0...4, using: &random), at: random.pick(words.claims))
    case 7:
      // All as new, so that the victim gets on.
      for position in words.positions { scribbler.put(Int64(0), at: position) }
    case 8:
      scribbler.put(UInt32.random(in: 0...3, using: &random), at: random.pick(words.words))
    case 9:
      scribbler.put(
        random.next(), at: Int.random(in: 0...words.data.lowerBound - 8, using: &random))
    case 10...12:
      // A header of a frame.
      let type: UInt64 = random.next() % 4 == 0 ? random.next() & 0xffff : 10
      scribbler.put(
        UInt64.random(in: 0...100, using: &random) | type << 32, at: place(words, &random))
    default: scribbler.put(random.next() >> (random.next() % 64), at: place(words, &random))
    }
  }

  /// Of a word in a lane's data.
  private func place(_ words: HostileWords, _ random: inout SeededGenerator) -> Int {
    words.data.lowerBound + 8 * Int.random(in: 0..<words.data.count / 8, using: &random)
  }
}
