import Psyne

/// A codec as a program may have one of its own: of zeros in a row it keeps how many they are.
struct ZeroCodec: BlockCodec {
  var name: String { "zeros" }
  var id: UInt16 { 1000 }
  var optionNames: [String] { [] }
  func merging(_ address: ChannelAddress) -> ZeroCodec { self }
  func makeEncoder(elementSize: Int) -> any BlockEncoder { Encoder() }
  func makeDecoder(elementSize: Int) -> any BlockDecoder { Decoder() }

  private final class Encoder: BlockEncoder {
    func encode(_ block: Span<UInt8>, into encoded: inout MutableSpan<UInt8>) -> Int? {
      var (read, written) = (0, 0)
      while read < block.count {
        guard written + 2 < block.count else { return nil }
        encoded[written] = block[read]
        written += 1
        read += 1
        guard block[read - 1] == 0 else { continue }
        var more: UInt8 = 0
        while read < block.count, block[read] == 0, more < .max {
          (read, more) = (read + 1, more + 1)
        }
        encoded[written] = more
        written += 1
      }
      return written
    }
  }

  private final class Decoder: BlockDecoder {
    func decode(_ encoded: Span<UInt8>, into block: inout MutableSpan<UInt8>) throws(CodecError) {
      var (read, written) = (0, 0)
      func check(_ isRight: Bool) throws(CodecError) {
        if !isRight { throw CodecError("a block has the wrong length") }
      }
      while read < encoded.count {
        try check(written < block.count)
        block[written] = encoded[read]
        (read, written) = (read + 1, written + 1)
        guard encoded[read - 1] == 0 else { continue }
        try check(read < encoded.count)
        let more = Int(encoded[read])
        read += 1
        try check(more <= block.count - written)
        for _ in 0..<more {
          block[written] = 0
          written += 1
        }
      }
      try check(written == block.count)
    }

    func passed(_ block: Span<UInt8>) {}
  }
}
