@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("Dictionaries")
struct DictionaryTests {
  private let text = Stream.json.bytes(2000, seed: 1)
  private let noise = Stream.random.bytes(2000, seed: 2)

  private func encoder(_ dictionary: LZ4Dictionary?) -> LZ4Encoder {
    var options = LZ4Options()
    options.dictionary = dictionary
    return LZ4Encoder(options, elementSize: 1)
  }

  @Test("sides that differ in it are told so at the first block that is compressed")
  func mismatch() throws {
    let one = try LZ4Dictionary(Stream.json.bytes(5000, seed: 3))
    var bytes = one.bytes
    bytes[17] ^= 1
    let other = try LZ4Dictionary(bytes)
    let cases: [(LZ4Dictionary?, LZ4Dictionary?, String)] = [
      (one, other, "another dictionary"), (one, nil, "this one has none"),
      (nil, one, "without a dictionary"),
    ]
    for (there, here, message) in cases {
      let encoder = encoder(there)
      let decoder = LZ4Decoder(dictionary: here, elementSize: 1)
      // One that passes says nothing of it, and needs none.
      #expect(encoder.encode(noise) == nil)
      decoder.passed(noise.span)
      let encoded = try #require(encoder.encode(text))
      let error = try #require(throws: CodecError.self) {
        try decoder.decode(encoded, size: text.count)
      }
      #expect(error.message.contains(message), "\(error.message)")
      #expect(error.message.contains("dictionary"), "\(error.message)")
    }
  }

  @Test("it is named once")
  func once() throws {
    let dictionary = try LZ4Dictionary(Stream.json.bytes(5000, seed: 3))
    let (encoder, decoder) = (
      encoder(dictionary), LZ4Decoder(dictionary: dictionary, elementSize: 1)
    )
    let first = try #require(encoder.encode(text))
    #expect(first[0] == 0x80)
    #expect(try decoder.decode(first, size: text.count) == text)
    let second = try #require(encoder.encode(text))
    #expect(second[0] == 0)
    #expect(throws: CodecError.self) { try decoder.decode(first, size: text.count) }
    #expect(try decoder.decode(second, size: text.count) == text)
  }

  @Test("two with the same bytes are the same")
  func equal() throws {
    let directory = try TemporaryDirectory()
    let bytes = Stream.json.bytes(5000, seed: 3)
    try writeFile("\(directory.path)/a", bytes)
    let (read, made) = (
      try LZ4Dictionary(path: "\(directory.path)/a"), try LZ4Dictionary(bytes)
    )
    #expect(read == made)
    #expect(read.fingerprint == made.fingerprint)
    #expect(read.bytes == bytes)
    #expect(read.path == "\(directory.path)/a")
  }
}
