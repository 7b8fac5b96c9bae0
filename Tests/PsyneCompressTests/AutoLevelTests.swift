@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("level=auto")
struct AutoLevelTests {
  private func makeTrip() -> RoundTrip {
    var options = LZ4Options()
    options.level = .auto
    return RoundTrip(options)
  }

  @Test(
    "where the wire is never waited for, blocks come to pass as they are, and stay what they are")
  func unlimited() throws {
    let trip = makeTrip()
    #expect(trip.encoder.wantsWireSpeed)
    let stream = Stream.json.bytes(1 << 20, seed: makeSeed("auto"))
    try eventually("it compresses no more") {
      let before = trip.encoder.counters.passed
      try trip.send(stream, block: 65536)
      return trip.encoder.counters.passed == before + 16
    }
    #expect(trip.encoder.counters.passed < trip.encoder.counters.blocks)
    #expect(trip.encoder.counters.own["hard"] == 0)
  }

  @Test("where the wire is slow, blocks come to be compressed hard, and stay what they are")
  func slow() throws {
    let trip = makeTrip()
    let stream = Stream.json.bytes(1 << 20, seed: makeSeed("auto"))
    try eventually("it compresses hard") {
      let before = trip.encoder.counters.own["hard"] ?? 0
      try trip.send(stream) {
        // Before each block, seven minutes for a mebibyte: longer than a thread is kept from going on.
        trip.encoder.wireMoved(
          WireSample(bytes: 1 << 20, nanoseconds: 400_000 << 20, isAtMost: false))
        return 65536
      }
      return trip.encoder.counters.own["hard"] == before + 16
    }
    #expect(trip.encoder.counters.passed == 0)
  }

  @Test("other levels want to know nothing of the wire, and do not change")
  func fixed() throws {
    let encoder = LZ4Encoder(LZ4Options(), elementSize: 1)
    #expect(!encoder.wantsWireSpeed)
    encoder.wireMoved(WireSample(bytes: 1, nanoseconds: 1 << 40, isAtMost: false))
    #expect(encoder.encode([UInt8](repeating: 0, count: 1000)) != nil)
    #expect(encoder.counters.own == ["hard": 0, "shuffled": 0])
  }
}
