import LinkFuzz
import TestSupport
import Testing

/// Every input that has ever been worth keeping: those that broke something, and those that together
/// cover what the fuzzer has found. The harness traps where the link does what it must not.
@Suite("Link corpus")
struct LinkCorpusTests {
  private static let corpus = String(
    #filePath.dropLast("PsyneCoreTests/Link/LinkCorpusTests.swift".count) + "Corpora/link")

  @Test("a link survives what strangers have sent, and the same comes of it again")
  func corpus() throws {
    let files = try listDirectory(Self.corpus)
    try #require(files.count > 10, "the corpus is not there")
    var total = LinkFuzz.Outcome()
    for file in files {
      let input = try readFile("\(Self.corpus)/\(file)")
      let outcome = LinkFuzz.run(input)
      #expect(LinkFuzz.run(input) == outcome, "\(file)")
      total.messages += outcome.messages
      total.errors += outcome.errors
    }
    // Or it would have been turned away at the door, and nothing would have been tried.
    #expect(total.messages > 10)
    #expect(total.errors > 10)
  }

  @Test("what honest links say is taken without an error")
  func honest() {
    for (name, input) in LinkFuzz.conversations() {
      let outcome = LinkFuzz.run(input)
      // One that turns the link away says so.
      #expect(outcome.errors == (name.hasPrefix("refused") ? 1 : 0), "\(name)")
      #expect(outcome.came > 0, "\(name)")
      #expect(!name.hasSuffix("listener") || outcome.messages == 3, "\(name): \(outcome)")
    }
  }

  @Test("the example of the specification is what a link says")
  func example() throws {
    let specification = String(
      #filePath.dropLast("Tests/PsyneCoreTests/Link/LinkCorpusTests.swift".count)
        + "docs/wire-protocol.md")
    // Lines of eight hexadecimal digits, blanks, and bytes.
    let shown = try readText(specification).split(separator: "\n").flatMap { line -> [UInt8] in
      let words = line.split(separator: " ")
      guard let offset = words.first, offset.count == 8, UInt32(offset, radix: 16) != nil else {
        return []
      }
      return words.dropFirst().prefix(16).prefix { $0.count == 2 }
        .compactMap { UInt8($0, radix: 16) }
    }
    #expect(try LinkFuzz.example() == shown)
  }
}
