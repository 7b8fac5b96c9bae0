import Testing

@testable import PsyneCore

@Suite("Links whose messages wait for more")
struct LinkWaitingTests {
  @Test("a few messages may wait; none, many, and what is said once cannot")
  func messages() throws {
    let puppet = try LinkPuppet.established()
    var sender = try puppet.outbound.sender()
    _ = puppet.said()
    #expect(!puppet.link.hasMerelyMessages(below: 65536), "there is none")
    try sender.reserve(count: 100, timeout: .zero).send()
    #expect(puppet.link.hasMerelyMessages(below: 65536))
    #expect(!puppet.link.hasMerelyMessages(below: 100), "they fill a block")
    try sender.reserve(count: 1000, timeout: .zero).send()
    #expect(!puppet.link.hasMerelyMessages(below: 65536), "they are a quarter of the lane")
    _ = puppet.said()
    #expect(!puppet.link.hasMerelyMessages(below: 65536), "all is said")
    sender.close()
  }

  @Test("what has to be said besides is not held up by them")
  func urgent() throws {
    for (what, happens) in [
      ("keep-alive", { puppet in try puppet.link.tick(now: 1_000_000_000) }),
      ("closing", { puppet in puppet.link.close() }),
      ("an error", { puppet in puppet.link.fail(LinkError(.other, "x")) }),
      (
        "a goodbye",
        { puppet in
          try puppet.hear(Block(.goodbye, length: 0, position: 0, received: 0, consumed: 0))
        }
      ),
      ("a break", { puppet in puppet.link.disconnect() }),
    ] as [(String, (LinkPuppet) throws -> Void)] {
      let puppet = try LinkPuppet.established()
      var sender = try puppet.outbound.sender()
      _ = puppet.said()
      try sender.reserve(count: 100, timeout: .zero).send()
      #expect(puppet.link.hasMerelyMessages(below: 65536))
      try happens(puppet)
      #expect(!puppet.link.hasMerelyMessages(below: 65536), "\(what)")
      sender.close()
    }
  }

  @Test("the end of a stream does not wait")
  func ending() throws {
    let puppet = try LinkPuppet.established()
    var sender = try puppet.outbound.sender()
    _ = puppet.said()
    try sender.reserve(count: 100, timeout: .zero).send()
    sender.close()
    #expect(!puppet.link.hasMerelyMessages(below: 65536))
    #expect(!puppet.said().isEmpty)
    #expect(!puppet.link.hasMerelyMessages(below: 65536))
  }
}
