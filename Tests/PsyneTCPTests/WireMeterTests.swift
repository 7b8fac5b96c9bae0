import PsyneCore
import Testing

@testable import PsyneTCP

@Suite("The speed of a wire")
struct WireMeterTests {
  @Test(
    "what leaves while more waits is what it takes; where nothing waits any more, it has taken that at most",
    arguments: [
      (400, 15, WireSample(bytes: 600, nanoseconds: 15, isAtMost: false)),
      (1000, 50, WireSample(bytes: 0, nanoseconds: 50, isAtMost: false)),
      (0, 1000, WireSample(bytes: 1000, nanoseconds: 1000, isAtMost: true)),
    ])
  func speed(_ left: Int, _ time: Int64, _ sample: WireSample) {
    var meter = WireMeter()
    #expect(!meter.isWaiting)
    meter.rests(waiting: 1000, now: 10)
    #expect(meter.isWaiting)
    #expect(meter.goesOn(waiting: left, now: 10 + time) == sample)
    #expect(!meter.isWaiting)
  }

  @Test("an idle wire, and the time in which more is handed on, say nothing")
  func idle() {
    var meter = WireMeter()
    #expect(meter.goesOn(waiting: 0, now: 5) == nil)
    meter.rests(waiting: 0, now: 10)
    #expect(meter.goesOn(waiting: 0, now: 1_000_000) == nil)
    meter.rests(waiting: 100, now: 2_000_000)
    #expect(meter.goesOn(waiting: 100, now: 2_000_000) == nil, "no time has passed")
    meter.rests(waiting: 100, now: 2_000_000)
    #expect(meter.goesOn(waiting: 50, now: 2_000_100)?.bytes == 50)
    // Between this and the next rest it is others who take the time.
    #expect(meter.goesOn(waiting: 50, now: 3_000_000) == nil)
  }
}
