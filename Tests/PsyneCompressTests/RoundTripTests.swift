@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("Round trips")
struct RoundTripTests {
  @Test(
    "what comes out is what went in, whatever it is and however it is cut",
    arguments: Stream.allCases)
  func everyStream(stream: Stream) throws {
    let seed = makeSeed("round trip of \(stream)")
    var random = SeededGenerator(seed: seed)
    for shuffle in LZ4Options.Shuffle.allCases {
      for level in [LZ4Level.fast, .high(1), .hc] {
        var options = LZ4Options()
        options.shuffle = shuffle
        options.level = level
        let trip = RoundTrip(options, elementSize: stream.elementSize)
        let bytes = stream.bytes(
          level == .fast ? 2 << 20 : 400_000, payload: .random(in: 8...5000, using: &random),
          seed: random.next())
        try trip.send(bytes) { blockSize(&random) }
        #expect(trip.encoder.counters.plainBytes == bytes.count)
        #expect(trip.decoder.counters.plainBytes == bytes.count)
        #expect(trip.encoder.counters.wireBytes == trip.decoder.counters.wireBytes)
        #expect(trip.encoder.counters.blocks == trip.decoder.counters.blocks)
        #expect(trip.encoder.counters.passed == trip.decoder.counters.passed)
      }
    }
  }

  @Test("streams that change their kind at any byte", arguments: [1, 2, 4, 8, 12, 24])
  func changing(elementSize: Int) throws {
    let seed = makeSeed("changing streams")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<4 {
      let trip = RoundTrip(LZ4Options(), elementSize: elementSize)
      for _ in 0..<12 {
        let stream = random.pick(Stream.allCases)
        let bytes = stream.bytes(.random(in: 1...300_000, using: &random), seed: random.next())
        try trip.send(bytes) { blockSize(&random) }
      }
    }
  }

  @Test("the highest levels too")
  func highLevels() throws {
    for number in 1...12 {
      var options = LZ4Options()
      options.level = .high(number)
      let trip = RoundTrip(options, elementSize: 4)
      try trip.send(Stream.adc.bytes(200_000, seed: 3), block: 5000)
      #expect(trip.encoder.counters.ratio > 2, "level \(number)")
    }
  }

  @Test("every size from 1 to 300 bytes, and those around the longest")
  func everySize() throws {
    let text = Stream.json.bytes(200_000, seed: 5)
    let trip = RoundTrip(LZ4Options(), elementSize: 4)
    for size in Array(1...300) + [65535, 65536, 1, 65536, 65535] {
      try trip.send(Array(text.prefix(size)), block: size)
    }
    #expect(trip.encoder.counters.blocks == 305)
  }

  @Test("a dictionary makes the first message smaller")
  func dictionary() throws {
    let text = Stream.json.bytes(20_000, payload: 400, seed: 7)
    var options = LZ4Options()
    options.dictionary = try LZ4Dictionary(Stream.json.bytes(64 << 10, seed: 8))
    let (with, without) = (RoundTrip(options), RoundTrip())
    try with.send(Array(text.prefix(500)), block: 500)
    try without.send(Array(text.prefix(500)), block: 500)
    #expect(with.encoder.counters.wireBytes * 5 < without.encoder.counters.wireBytes * 4)
    try with.send(text, block: 700)
  }

  @Test("a dictionary as long as the history, and one of a byte", arguments: [1, 65535, 65536])
  func dictionarySizes(count: Int) throws {
    var options = LZ4Options()
    let text = Stream.json.bytes(65536, seed: 9)
    options.dictionary = try LZ4Dictionary(Array(text.prefix(count)))
    for level in [LZ4Level.fast, .hc] {
      options.level = level
      let trip = RoundTrip(options, elementSize: 4)
      try trip.send(text + text, block: 65536)
      try trip.send(text, block: 1000)
    }
  }

  @Test("encoders share nothing")
  func independent() throws {
    let text = Stream.json.bytes(300_000, seed: 11)
    let other = Stream.adc.bytes(300_000, seed: 12)
    func pieces(_ stream: [UInt8]) -> [[UInt8]] {
      stride(from: 0, to: stream.count, by: 3000).map {
        Array(stream[$0..<min(stream.count, $0 + 3000)])
      }
    }
    let (alone, together, third) = (
      RoundTrip(elementSize: 4), RoundTrip(elementSize: 4), RoundTrip(elementSize: 4)
    )
    let expected = pieces(text).map { alone.encoder.encode($0) }
    var got: [[UInt8]?] = []
    for (piece, foreign) in zip(pieces(text), pieces(other)) {
      got.append(together.encoder.encode(piece))
      _ = third.encoder.encode(foreign)
    }
    #expect(got == expected)
  }

  @Test(
    "two gibibytes, behind which LZ4 counts anew",
    .enabled(if: environment("PSYNE_VERIFY") == "1"))
  func long() throws {
    let block = Stream.json.bytes(65536, seed: 13)
    for level in [LZ4Level.fast, .hc] {
      var options = LZ4Options()
      options.level = level
      let trip = RoundTrip(options)
      for _ in 0..<(9 << 28) / 65536 { try trip.send(block, block: 65536) }
    }
  }

  private func blockSize(_ random: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .random(in: 1...100, using: &random)
    case 1: .random(in: 100...5000, using: &random)
    case 2: .random(in: 1...65536, using: &random)
    default: 65536
    }
  }
}
