import PsyneCore
import TestSupport
import Testing

@Suite("Counters of codecs")
struct CodecTallyTests {
  @Test("it counts blocks, bytes and time, and what a codec has beside")
  func counts() {
    let tally = CodecTally("odd", "even")
    #expect(tally.counters.ratio == 1 && tally.counters.own == ["odd": 0, "even": 0])
    tally.add(plain: 1000, wire: 100, nanoseconds: 7)
    tally.add(plain: 200, wire: nil, nanoseconds: 5)
    tally.add(own: 1)
    tally.add(own: 1)
    let counters = tally.counters
    #expect(counters.blocks == 2 && counters.passed == 1)
    #expect(counters.plainBytes == 1200 && counters.wireBytes == 300 && counters.ratio == 4)
    #expect(counters.time == .nanoseconds(12) && counters.own == ["odd": 0, "even": 2])
  }

  @Test("any thread reads while one counts, and sees numbers that only grow")
  func reading() throws {
    let tally = CodecTally()
    let counting = BackgroundThread {
      for _ in 0..<1_000_000 { tally.add(plain: 8, wire: 4, nanoseconds: 1) }
    }
    var last = 0
    while !counting.hasEnded {
      let blocks = tally.counters.blocks
      #expect(blocks >= last)
      last = blocks
    }
    try counting.join()
    #expect(tally.counters.blocks == 1_000_000 && tally.counters.wireBytes == 4_000_000)
  }
}
