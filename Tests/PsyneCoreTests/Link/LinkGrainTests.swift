import Testing

@testable import PsyneCore

@Suite("Links that leave a small rest")
struct LinkGrainTests {
  private static let terms = LinkTerms(
    format: MessageFormat(Bytes.self), capacity: 1 << 20, largestMessage: 1 << 18, keepAlive: 1000)

  @Test("whole grains go, and a rest waits for what follows or for being asked for")
  func rests() throws {
    let puppet = try LinkPuppet.established(terms: Self.terms)
    var sender = try puppet.outbound.sender()
    _ = puppet.said()
    try sender.reserve(count: 65_528, timeout: .zero).send()
    #expect(puppet.said(leaving: Link.grain / 2).count == Link.grain)
    #expect(puppet.said(leaving: Link.grain / 2).isEmpty, "65,536 - 64,992 are left")
    try sender.reserve(count: 130_000 - 8, timeout: .zero).send()
    #expect(puppet.said(leaving: Link.grain / 2).count == 2 * Link.grain)
    let last = puppet.said()
    #expect(last.count == 65_536 + 130_000 - Link.grainBody - 2 * Link.grain + 2 * Block.bytes)
    #expect(puppet.said().isEmpty)
    sender.close()
  }

  @Test("between the pieces of a message it is known that there are more")
  func pieces() throws {
    let puppet = try LinkPuppet.established(terms: Self.terms)
    #expect(!puppet.link.isAmidMessage)
    let frame = bytesFrame(count: 1000)
    try puppet.hear(
      Block(.data, length: 500, position: 0, received: 0, consumed: 0), Array(frame[..<500]))
    #expect(puppet.link.isAmidMessage)
    try puppet.hear(
      Block(.data, length: frame.count - 500, position: 500, received: 0, consumed: 0),
      Array(frame[500...]))
    #expect(!puppet.link.isAmidMessage)
    #expect(try puppet.receive() == [1000])
  }

  @Test("half a grain and more does not wait")
  func halves() throws {
    let puppet = try LinkPuppet.established(terms: Self.terms)
    var sender = try puppet.outbound.sender()
    _ = puppet.said()
    let half = Link.grain / 2 - Block.bytes
    try sender.reserve(count: half - 16, timeout: .zero).send()
    #expect(puppet.said(leaving: Link.grain / 2).isEmpty)
    try sender.reserve(count: 0, timeout: .zero).send()
    #expect(puppet.said(leaving: Link.grain / 2).count == Link.grain / 2)
    sender.close()
  }

  @Test("what is no message does not wait, and the end comes behind the rest")
  func others() throws {
    let puppet = try LinkPuppet.established(terms: Self.terms)
    var sender = try puppet.outbound.sender()
    _ = puppet.said()
    try sender.reserve(count: 100, timeout: .zero).send()
    try puppet.link.tick(now: 1_000_000_000)
    #expect(puppet.said(leaving: Link.grain / 2).count == Block.bytes, "a keep-alive")
    sender.close()
    #expect(puppet.said(leaving: Link.grain / 2).isEmpty)
    puppet.link.close()
    #expect(puppet.said(leaving: Link.grain / 2).isEmpty)
    // The messages, that their sender has left, the goodbye.
    #expect(puppet.said().count == 3 * Block.bytes + 112)
  }
}
