import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

@Suite("Tokens")
struct TokenTests {
  private let token: TLSToken
  private let other: TLSToken

  init() throws {
    token = try TLSToken(pattern(32, seed: 1))
    other = try TLSToken(pattern(32, seed: 2))
  }

  private func sessions() throws -> (TLSSession, TLSSession) {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    return (client.session, server.session)
  }

  @Test("both sides prove that they know it")
  func proof() throws {
    let (client, server) = try sessions()
    let proof = try client.proof(of: token)
    #expect(proof.count == TokenProof.bytes)
    let found = try #require(try server.token(proved: proof, among: [other, token]))
    #expect(found == token)
    try client.check(try server.proof(of: found), token)
  }

  @Test("one that does not know it is refused, and hears so")
  func refusal() throws {
    let (client, server) = try sessions()
    #expect(try server.token(proved: client.proof(of: other), among: [token]) == nil)
    #expect(try server.token(proved: client.proof(of: token), among: []) == nil)
    let error = #expect(throws: TLSError.self) { try client.check(TokenProof.refusal, other) }
    #expect(error?.code == .refused && error?.message.contains("has refused our token") == true)
    // Nor does a listener that has none get away with it.
    for answer in [try server.proof(of: token), try client.proof(of: other), [], [1, 2, 3]] {
      let error = #expect(throws: TLSError.self) { try client.check(answer, other) }
      #expect(error?.message.contains("does not know our token") == true)
    }
  }

  @Test("what was proved on one connection is worth nothing on another")
  func relayed() throws {
    let (client, _) = try sessions()
    let (_, server) = try sessions()
    #expect(try server.token(proved: client.proof(of: token), among: [token]) == nil)
  }

  @Test("any bit of it matters")
  func bits() throws {
    let (client, server) = try sessions()
    let proof = try client.proof(of: token)
    for bit in 0..<(TokenProof.bytes * 8) {
      var wrong = proof
      wrong[bit / 8] ^= 1 << (bit % 8)
      #expect(try server.token(proved: wrong, among: [token]) == nil)
    }
  }

  @Test("it is shown nowhere")
  func secrecy() throws {
    let token = try TLSToken(Array("correct horse battery staple".utf8))
    var dumped = ""
    dump(token, to: &dumped)
    for text in ["\(token)", String(reflecting: token), dumped, "\([token])"] {
      #expect(!text.contains("horse") && !text.contains("99"))
    }
  }

  @Test("a file's line end is not part of it, and its size is bounded")
  func files() throws {
    let place = try Place()
    let text = Array("2fp1NnX0nTDlY6bQ0Q1tFyXH".utf8)
    for end in ["", "\n", "\r\n"] {
      try place.write(text + Array(end.utf8), "token")
      #expect(try TLSToken(file: place.path("token")).secret == text)
    }
    for count in [0, 15, 4097] {
      let bytes = [UInt8](repeating: 65, count: count)
      #expect(throws: TransportError.self) { _ = try TLSToken(bytes) }
      try place.write(bytes, "token")
      let error = #expect(throws: TransportError.self) {
        _ = try TLSToken(file: place.path("token"))
      }
      #expect(error?.message.hasPrefix("token '\(place.path("token"))' has \(count) bytes") == true)
    }
  }
}
