@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

/// An encoder and a decoder that gets what it makes.
final class RoundTrip {
  let encoder: LZ4Encoder
  let decoder: LZ4Decoder

  init(_ options: LZ4Options = LZ4Options(), elementSize: Int = 1) {
    encoder = LZ4Encoder(options, elementSize: elementSize)
    decoder = LZ4Decoder(dictionary: options.dictionary, elementSize: elementSize)
  }

  /// Sends a stream in blocks whose sizes `next` says. What comes has to be what was sent.
  func send(_ stream: [UInt8], blocks next: () -> Int) throws {
    var rest = stream[...]
    while !rest.isEmpty {
      let block = Array(rest.prefix(next()))
      rest = rest.dropFirst(block.count)
      guard let encoded = encoder.encode(block) else {
        decoder.passed(block.span)
        continue
      }
      try #require(encoded.count < block.count)
      try #require(try decoder.decode(encoded, size: block.count) == block)
    }
  }

  func send(_ stream: [UInt8], block: Int) throws {
    try send(stream) { block }
  }
}

extension BlockEncoder {
  /// Nil for a block that passes as it is.
  func encode(_ block: [UInt8]) -> [UInt8]? {
    // The source changes behind the call's back, as a ring does.
    var source = block
    var encoded = [UInt8](repeating: 0xa5, count: block.count)
    var span = encoded.mutableSpan
    let count = encode(source.span, into: &span)
    for index in source.indices { source[index] = 0xee }
    return count.map { Array(encoded.prefix($0)) }
  }
}

extension BlockDecoder {
  /// With bytes around the block that nobody may write.
  func decode(_ encoded: [UInt8], size: Int) throws(CodecError) -> [UInt8] {
    let guarded = 64
    var memory = [UInt8](repeating: 0xa5, count: size + 2 * guarded)
    do throws(CodecError) {
      var whole = memory.mutableSpan
      var block = whole._mutatingExtracting(guarded..<guarded + size)
      try decode(encoded.span, into: &block)
    } catch {
      expectGuards(memory, guarded)
      throw error
    }
    expectGuards(memory, guarded)
    return Array(memory[guarded..<guarded + size])
  }

  private func expectGuards(_ memory: [UInt8], _ count: Int) {
    guard (memory.prefix(count) + memory.suffix(count)).allSatisfy({ $0 == 0xa5 }) else {
      Issue.record("something was written beside the block")
      return
    }
  }
}

/// The ratio of a stream in blocks of one size.
func ratio(
  _ stream: Stream, block: Int = 65536, bytes: Int = 4 << 20, shuffle: LZ4Options.Shuffle = .no,
  level: LZ4Level = .fast
) throws -> Double {
  var options = LZ4Options()
  options.shuffle = shuffle
  options.level = level
  let trip = RoundTrip(options, elementSize: stream.elementSize)
  try trip.send(stream.bytes(bytes, seed: 1), block: block)
  return trip.encoder.counters.ratio
}
