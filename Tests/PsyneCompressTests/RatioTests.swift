@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

/// What each part is there for, as a number that would be another one without it.
@Suite("Ratios")
struct RatioTests {
  @Test("small blocks shrink as well as large ones, because they are linked")
  func linked() throws {
    let text = Stream.json.bytes(1 << 20, seed: 1)
    let linked = try ratio(.json, block: 4096, bytes: 1 << 20)
    var wire = 0
    for start in stride(from: 0, to: text.count, by: 4096) {
      // Each with an encoder of its own: nothing before it is known.
      let block = Array(text[start..<min(text.count, start + 4096)])
      wire += RoundTrip().encoder.encode(block)?.count ?? block.count
    }
    let independent = Double(text.count) / Double(wire)
    #expect(linked > 1.2 * independent, "\(linked) against \(independent)")
    #expect(linked > 0.95 * (try ratio(.json, block: 65536, bytes: 1 << 20)))
  }

  @Test(
    "measured values shrink to a quarter if they are shuffled", arguments: [1032, 4096, 65536])
  func shuffled(block: Int) throws {
    for stream in [Stream.adc, .doubles] {
      let plain = try ratio(stream, block: block)
      let auto = try ratio(stream, block: block, shuffle: .auto)
      #expect(plain < 3, "\(stream)")
      #expect(auto > 4, "\(stream)")
    }
    let always = try ratio(.adc, block: block, shuffle: .yes)
    #expect(try ratio(.adc, block: block, shuffle: .auto) > 0.95 * always)
  }

  @Test("computed values, which have no bits to spare, shrink by a third or not at all")
  func computed() throws {
    for stream in [Stream.sine, .noisySine] {
      #expect(try ratio(stream) == 1, "\(stream)")
      #expect(try ratio(stream, shuffle: .auto) > 1.4, "\(stream)")
    }
  }

  @Test("fields of structs come apart, and then shrink", arguments: [(4096, 1.2), (65536, 1.5)])
  func structs(block: Int, times: Double) throws {
    let plain = try ratio(.telemetry, block: block)
    let always = try ratio(.telemetry, block: block, shuffle: .yes)
    let auto = try ratio(.telemetry, block: block, shuffle: .auto)
    #expect(always > times * plain, "\(plain)")
    #expect(auto > 0.95 * always)
  }

  @Test("what shuffling makes worse is not shuffled", arguments: [4096, 65536])
  func notShuffled(block: Int) throws {
    let plain = try ratio(.sparse, block: block)
    #expect(try ratio(.sparse, block: block, shuffle: .yes) < 0.95 * plain)
    #expect(try ratio(.sparse, block: block, shuffle: .auto) > 0.999 * plain)
  }

  @Test("the choice follows the data, both ways")
  func changes() throws {
    let trip = RoundTrip(elementSize: 4)
    var sent = 0
    func ratioOf(_ stream: Stream) throws -> Double {
      let before = trip.encoder.counters
      try trip.send(stream.bytes(8 << 20, seed: UInt64(sent)), block: 32768)
      sent += 1
      let after = trip.encoder.counters
      return Double(after.plainBytes - before.plainBytes)
        / Double(after.wireBytes - before.wireBytes)
    }
    let (adc, sparse) = (try ratio(.adc, shuffle: .yes), try ratio(.sparse))
    for _ in 0..<2 {
      #expect(try ratioOf(.sparse) > 0.9 * sparse)
      #expect(try ratioOf(.adc) > 0.75 * adc)
      #expect(try ratioOf(.random) == 1)
    }
  }

  @Test("a high level makes fewer bytes")
  func levels() throws {
    let fast = try ratio(.json, bytes: 1 << 20)
    #expect(try ratio(.json, bytes: 1 << 20, level: .hc) > 1.15 * fast)
  }

  @Test("random bytes cost nothing: all blocks pass", arguments: [1, 4, 8])
  func random(elementSize: Int) throws {
    let seed = makeSeed("random bytes")
    for shuffle in LZ4Options.Shuffle.allCases {
      var options = LZ4Options()
      options.shuffle = shuffle
      let trip = RoundTrip(options, elementSize: elementSize)
      try trip.send(Stream.random.bytes(4 << 20, seed: seed), block: 16384)
      let counters = trip.encoder.counters
      #expect(counters.passed == counters.blocks)
      #expect(counters.wireBytes == counters.plainBytes)
    }
  }

  @Test("what pays after long is compressed with what was before it, though that passed as it is")
  func historyOfPassed() throws {
    let seed = makeSeed("passed blocks as history")
    let trip = RoundTrip()
    let noise = Stream.random.bytes(1000, seed: seed)
    try trip.send(noise, block: 1000)
    #expect(trip.encoder.counters.passed == 1)
    // It repeats what no table has seen while it passed.
    let encoded = try #require(trip.encoder.encode(noise))
    #expect(encoded.count < 40)
    #expect(try trip.decoder.decode(encoded, size: 1000) == noise)
  }

  @Test("a block that would save less than a 32nd passes: it would cost more time than it saves")
  func threshold() throws {
    let seed = makeSeed("blocks that save little")
    let noise = Stream.random.bytes(4096, seed: seed)
    for (repeated, pays) in [(100, false), (200, true)] {
      let block = Array(noise.prefix(4096 - repeated) + noise.prefix(repeated))
      #expect((RoundTrip().encoder.encode(block) != nil) == pays, "\(repeated)")
    }
  }
}
