@testable import PsyneTCP
import Testing

@Suite("When a sender flushes by itself")
struct GatheringTests {
  @Test("what comes alone goes at once, and what follows is collected")
  func pairs() {
    var gathering = Gathering()
    for time in stride(from: Int64(1_000_000), to: 2_000_000, by: 10_000) {
      #expect(gathering.decide(time - 10_000, now: time, unflushed: 72) == .flush)
      #expect(gathering.decide(time + 3_000, now: time + 4_000, unflushed: 72) == .collect)
      #expect(gathering.decide(time + 3_000, now: time + 6_999, unflushed: 144) == .collect)
      #expect(gathering.decide(time + 3_000, now: time + 7_000, unflushed: 216) == .flush)
    }
  }

  @Test("many small ones are a stream, counted anew from each flush")
  func small() {
    var gathering = Gathering()
    for flush in [Int64(1_000_000), 2_000_000] {
      for number in 1...Gathering.publications {
        let time = flush + Int64(number)
        #expect(gathering.decide(flush, now: time, unflushed: 72 * number) == .collect)
      }
      for time in flush + 13...flush + 15 {
        #expect(gathering.decide(flush, now: time, unflushed: 936) == .stream)
      }
    }
  }

  @Test("so is much at once")
  func large() {
    var gathering = Gathering()
    let limit = Gathering.bytes
    #expect(gathering.decide(1_000_000, now: 1_000_500, unflushed: limit - 1) == .collect)
    #expect(gathering.decide(1_000_000, now: 1_000_600, unflushed: limit) == .stream)
  }
}
