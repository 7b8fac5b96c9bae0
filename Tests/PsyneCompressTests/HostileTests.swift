@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("Hostile blocks")
struct HostileTests {
  private func decoder(elementSize: Int = 1) -> LZ4Decoder {
    LZ4Decoder(dictionary: nil, elementSize: elementSize)
  }

  /// What `decode` throws.
  private func error(
    _ decoder: LZ4Decoder, _ encoded: [UInt8], size: Int
  ) throws -> String {
    try #require(throws: CodecError.self) { try decoder.decode(encoded, size: size) }.message
  }

  /// A stream of which the last block is compressed, with the blocks before it.
  private func recorded(
    _ stream: Stream, size: Int, shuffle: LZ4Options.Shuffle = .auto
  ) -> [(block: [UInt8], encoded: [UInt8]?)] {
    var options = LZ4Options()
    options.shuffle = shuffle
    let encoder = LZ4Encoder(options, elementSize: stream.elementSize)
    let bytes = stream.bytes(4 * size, payload: 200, seed: 1)
    return (0..<4).map { index in
      let block = Array(bytes[index * size..<(index + 1) * size])
      return (block, encoder.encode(block))
    }
  }

  @Test("heads that no encoder writes")
  func heads() throws {
    let size = 100
    #expect(try error(decoder(), [], size: size).contains("no content"))
    #expect(try error(decoder(), [0], size: size).contains("no content"))
    for head in 1...0x7f as ClosedRange<UInt8> {
      #expect(try error(decoder(), [head, 0], size: size).contains("shuffled in a way"))
      if head != 4 {
        #expect(
          try error(decoder(elementSize: 4), [head, 0], size: size).contains("shuffled in a way"))
      }
    }
    #expect(try error(decoder(), [0x80, 0], size: size).contains("fingerprint"))
    #expect(
      try error(decoder(), [0x80] + [UInt8](repeating: 0, count: 20), size: size)
        .contains("this one has none"))
  }

  @Test("lengths that no block has")
  func lengths() throws {
    let encoded = try #require(recorded(.json, size: 1000)[0].encoded)
    for size in [1, 2, encoded.count - 1, encoded.count] {
      #expect(try error(decoder(), encoded, size: size).contains("is said to make"))
    }
    #expect(try error(decoder(), encoded, size: 65537).contains("is said to make"))
    #expect(try error(decoder(), encoded, size: 999).contains("damaged"))
    #expect(try error(decoder(), encoded, size: 1001).contains("makes 1000 bytes"))
    #expect(try error(decoder(), encoded, size: 65536).contains("makes 1000 bytes"))
    #expect(try error(decoder(), [UInt8](repeating: 0, count: 70000), size: 65536).contains("said"))
    #expect(try decoder().decode(encoded, size: 1000).count == 1000)
  }

  @Test("no block is made of none, and none of no bytes")
  func nothing() throws {
    #expect(throws: CodecError.self) { try decoder().decode([], size: 0) }
    #expect(throws: CodecError.self) { try decoder().decode([], size: 1) }
  }

  @Test("references before the first byte that was received, by one byte and by more")
  func beforeTheStart() throws {
    // 8 literals, a match of 20 bytes at the distance, and 5 literals.
    func block(distance: Int) -> [UInt8] {
      [0, 0x8f] + Array("abcdefgh".utf8) + [UInt8(distance & 255), UInt8(distance >> 8), 1]
        + [0x50] + Array("12345".utf8)
    }
    let size = 8 + 20 + 5
    let right = try decoder().decode(block(distance: 8), size: size)
    #expect(Array(right.prefix(12)) == Array("abcdefghabcd".utf8))
    for distance in [0, 9, 10, 255, 4096, 65535] {
      #expect(
        try error(decoder(), block(distance: distance), size: size)
          .contains("refers to \(distance) bytes before its byte 8"))
    }
    // What has come is history to its first byte, and to no byte before it.
    for received in [1, 20, 300, 5000, 65000, 65527] {
      let before = (0..<received).map { UInt8($0 & 0xff) }
      for shift in [0, 1, 2, 100] where received + 8 + shift <= 65535 {
        let decoder = decoder()
        decoder.passed(before.span)
        let encoded = block(distance: received + 8 + shift)
        if shift == 0 {
          let decoded = try decoder.decode(encoded, size: size)
          #expect(decoded[8] == before[0])
        } else {
          #expect(try error(decoder, encoded, size: size).contains("refers to"))
        }
      }
    }
  }

  @Test("a long stream is history for 65,535 bytes, and what was moved on the way is still right")
  func farthest() throws {
    let decoder = decoder()
    var sent: [UInt8] = []
    var random = SeededGenerator(seed: 4)
    for _ in 0..<40 {
      let block = Stream.random.bytes(.random(in: 1...40000, using: &random), seed: random.next())
      decoder.passed(block.span)
      sent += block
      guard sent.count > 65536 else { continue }
      let encoded =
        [0, 0x8f] + Array("abcdefgh".utf8) + [255, 255, 1] + [0x50] + Array("12345".utf8)
      let decoded = try decoder.decode(encoded, size: 33)
      sent += decoded.prefix(8)
      #expect(Array(decoded[8..<28]) == Array(sent[(sent.count - 65535)...].prefix(20)))
      sent += decoded.dropFirst(8)
    }
  }

  @Test("bombs make no more than they were said to make")
  func bombs() throws {
    // One literal, then a match of ever more bytes.
    let bomb = [0, 0x1f, 65, 1, 0] + [UInt8](repeating: 255, count: 60_000) + [0]
    #expect(try error(decoder(), bomb, size: 65536).contains("damaged"))
    #expect(try error(decoder(), Array(bomb.prefix(300)), size: 400).contains("within a length"))
    let literals = [0, 0xf0] + [UInt8](repeating: 255, count: 2000)
    #expect(try error(decoder(), literals, size: 65536).contains("within a length"))
    #expect(try error(decoder(), literals + [1], size: 65536).contains("damaged"))
  }

  @Test("every truncation of a block", arguments: [Stream.json, .adc, .doubles, .audio])
  func truncations(stream: Stream) throws {
    let blocks = recorded(stream, size: 2000)
    let last = try #require(blocks[3].encoded)
    for count in 0..<last.count {
      let decoder = decoder(elementSize: stream.elementSize)
      for (block, encoded) in blocks.dropLast() {
        if let encoded {
          #expect(try decoder.decode(encoded, size: 2000) == block)
        } else {
          decoder.passed(block.span)
        }
      }
      #expect(throws: CodecError.self, "\(count) bytes") {
        try decoder.decode(Array(last.prefix(count)), size: 2000)
      }
    }
  }

  @Test(
    "every flipped bit of a block: an error, or a block of the same size",
    arguments: [Stream.json, .adc])
  func flips(stream: Stream) throws {
    let blocks = recorded(stream, size: 1500)
    let first = try #require(blocks[0].encoded)
    var errors = 0
    for bit in 0..<first.count * 8 {
      var damaged = first
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      // Some refer to another place where the same stands.
      do {
        let decoder = decoder(elementSize: stream.elementSize)
        #expect(try decoder.decode(damaged, size: 1500).count == 1500)
      } catch { errors += 1 }
    }
    #expect(errors > first.count)
  }

  @Test("100,000 random mutations: no crash, nothing written beside the block, no more memory")
  func mutations() throws {
    let seed = makeSeed("mutated blocks")
    var random = SeededGenerator(seed: seed)
    let streams = [Stream.json, .adc, .doubles, .audio, .sparse].map { stream in
      (stream, recorded(stream, size: 900, shuffle: stream == .sparse ? .no : .yes))
    }
    var (errors, survived) = (0, 0)
    for _ in 0..<25_000 {
      let (stream, blocks) = random.pick(streams)
      let decoder = decoder(elementSize: stream.elementSize)
      for (block, encoded) in blocks {
        guard var encoded else {
          decoder.passed(block.span)
          continue
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&encoded, &random) }
        let size =
          Int.random(in: 0..<8, using: &random) == 0 ? .random(in: 0...66000, using: &random) : 900
        do {
          #expect(try decoder.decode(encoded, size: size).count == size)
          survived += 1
        } catch { errors += 1 }
      }
    }
    #expect(errors + survived > 90_000)
    #expect(errors > 10_000)
    #expect(survived > 100)
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: bytes.indices, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[index] = .random(in: 0...255, using: &random)
    case 2: bytes[index] = random.pick([0, 1, 15, 0xf0, 255])
    case 3: bytes.removeLast(.random(in: 0..<bytes.count, using: &random))
    case 4: bytes.insert(random.pick([0, 0xff]), at: index)
    default:
      let end = min(bytes.count, index + 8)
      bytes.insert(contentsOf: bytes[index..<end], at: .random(in: bytes.indices, using: &random))
    }
  }

  @Test("bytes that are no blocks at all")
  func noise() throws {
    let seed = makeSeed("noise for a decoder")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let decoder = decoder(elementSize: random.pick([1, 2, 4, 8, 24]))
      let count = Int.random(in: 0...100, using: &random)
      var encoded = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if count > 0 { encoded[0] = 0 }
      let size = Int.random(in: 0...300, using: &random)
      if let block = try? decoder.decode(encoded, size: size) { #expect(block.count == size) }
    }
  }
}
