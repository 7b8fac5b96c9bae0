@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("Backing off")
struct BackoffTests {
  @Test("after four blocks that do not pay, one of 2, 4, 8, 16 and 32 is tried, and then no fewer")
  func schedule() {
    var backoff = Backoff()
    var tried: [Int] = []
    for block in 0..<200 where backoff.tries() {
      tried.append(block)
      backoff.failed(bytes: 4096)
    }
    let gaps = zip(tried.dropFirst(), tried).map { $0 - $1 }
    #expect(gaps.prefix(10) == [1, 1, 1, 2, 4, 8, 16, 32, 32, 32])
    #expect(gaps.dropFirst(7).allSatisfy { $0 == 32 })
  }

  @Test("one that pays brings all back at once")
  func returns() {
    var backoff = Backoff()
    for _ in 0..<1000 where backoff.tries() { backoff.failed(bytes: 4096) }
    while !backoff.tries() {}
    backoff.paid()
    for _ in 0..<4 {
      let isTried = backoff.tries()
      #expect(isTried)
      backoff.failed(bytes: 4096)
    }
    let isTried = backoff.tries()
    #expect(!isTried)
  }

  @Test("short blocks are no evidence")
  func short() {
    var backoff = Backoff()
    for _ in 0..<1000 {
      let isTried = backoff.tries()
      #expect(isTried)
      backoff.failed(bytes: 100)
    }
  }

  @Test("an encoder leaves blocks out, and comes back within 32 of them")
  func encoder() throws {
    let seed = makeSeed("backing off")
    let trip = RoundTrip()
    try trip.send(Stream.random.bytes(4 << 20, seed: seed), block: 4096)
    #expect(trip.encoder.counters.passed == 1024)
    try trip.send(Stream.json.bytes(4 << 20, seed: seed), block: 4096)
    #expect(trip.encoder.counters.passed < 1024 + 32)
  }
}
