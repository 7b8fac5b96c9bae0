import PsyneCore
import Testing

@testable import PsyneTCP

@Suite("When a sender flushes by itself")
struct GatheringTests {
  /// One that has sent a burst.
  private var exhausted: Gathering {
    var gathering = Gathering()
    for number in 1...Int64(Gathering.burst) {
      _ = gathering.decide(number, now: number + 1, unflushed: 72)
    }
    return gathering
  }

  @Test("what comes alone goes at once, and what goes on to follow is collected")
  func pairs() {
    var gathering = exhausted
    for time in stride(from: Int64(1_000_000), to: 2_000_000, by: 10_000) {
      #expect(gathering.decide(time + 3_000, now: time + 4_000, unflushed: 72) == .collect)
      #expect(gathering.decide(time + 3_000, now: time + 6_999, unflushed: 144) == .collect)
      #expect(gathering.decide(time + 3_000, now: time + 7_054, unflushed: 216) == .flush)
    }
  }

  @Test("a burst goes at once, and one more for each message that came alone")
  func bursts() {
    var gathering = Gathering()
    var flush: Int64 = 1_000_000
    func isFlushed(after gap: Int64) -> Bool {
      flush += gap
      return gathering.decide(flush - gap, now: flush, unflushed: 72) == .flush
    }
    for _ in 0..<Gathering.burst { #expect(isFlushed(after: 1_000)) }
    #expect(!isFlushed(after: 1_000))
    for _ in 0..<3 { #expect(isFlushed(after: 6_000)) }
    for _ in 0..<3 { #expect(isFlushed(after: 1_000)) }
    #expect(!isFlushed(after: 1_000))
    for _ in 0..<100 { #expect(isFlushed(after: 6_000)) }
    for _ in 0..<Gathering.burst { #expect(isFlushed(after: 1_000)) }
    #expect(!isFlushed(after: 1_000))
  }

  @Test("many small ones are a stream, counted anew from each flush")
  func small() {
    var gathering = exhausted
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

  @Test("large ones are collected to what is worth a call, if they come as fast as one writes")
  func large() {
    var gathering = exhausted
    for number in 1...4 {
      let bytes = number * 20_000
      let flush = Int64(number) * 1_000_000
      let latest = flush + Gathering.linger(bytes) - 1
      #expect(
        gathering.decide(flush, now: latest, unflushed: bytes)
          == (bytes < Link.grain ? .collect : .flushGrains))
      #expect(gathering.decide(flush, now: latest + 1, unflushed: bytes) == .flush)
    }
    #expect(Gathering.linger(65_536) == 20_384)
  }

  @Test("much in a short time is a stream, and goes on to be one if it is held up for a moment")
  func streams() {
    for bytes in [8_192, 64_992] {
      let limit = Gathering.linger(bytes)
      #expect(Gathering.streams(bytes, in: limit - 1, already: false))
      #expect(!Gathering.streams(bytes, in: limit, already: false))
      #expect(Gathering.streams(bytes, in: 3 * limit - 1, already: true))
      #expect(!Gathering.streams(bytes, in: 3 * limit, already: true))
    }
    #expect(!Gathering.streams(8_191, in: 1, already: true))
  }
}
