import CodecFuzz
import TestSupport
import Testing

/// Every input that has ever been worth keeping: those that broke something, and those that together
/// cover what the fuzzer has found. The harness traps where a decoder does what it must not.
@Suite("Codec corpus")
struct CodecCorpusTests {
  private static let corpus = String(
    #filePath.dropLast("PsyneCompressTests/CodecCorpusTests.swift".count) + "Corpora/lz4")

  @Test("a decoder survives what strangers have sent, and the same comes of it again")
  func corpus() throws {
    let files = try listDirectory(Self.corpus)
    try #require(files.count > 10, "the corpus is not there")
    var (decoded, errors) = (0, 0)
    for file in files {
      let input = try readFile("\(Self.corpus)/\(file)")
      let outcome = CodecFuzz.run(input)
      #expect(CodecFuzz.run(input) == outcome, "\(file)")
      decoded += outcome.decoded
      errors += outcome.error == nil ? 0 : 1
    }
    // Or it would have been turned away at the door, and nothing would have been tried.
    #expect(decoded > 10)
    #expect(errors > 10)
  }

  @Test("what an honest encoder says is taken without an error")
  func honest() {
    for (name, input) in CodecFuzz.seeds() where name != "damaged" {
      let outcome = CodecFuzz.run(input)
      #expect(outcome.error == nil, "\(name)")
      #expect(outcome.decoded > 1, "\(name)")
    }
  }
}
