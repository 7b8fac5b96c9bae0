import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

@Suite("Sessions")
struct SessionTests {
  @Test(
    "10 MB go both ways in pieces of any size", arguments: [1...200, 1...20000, 16384...300_000])
  func data(_ pieces: ClosedRange<Int>) throws {
    let seed = makeSeed("data")
    let place = try Place()
    try place.server()
    let client = End(try place.connector().session(host: "localhost"), seed: seed)
    let server = End(try place.listener().session(), seed: seed &+ 1)
    let count = pieces.upperBound < 1000 ? 300_000 : 10_000_000
    let (there, back) = (pattern(count, seed: seed), pattern(count, seed: seed &+ 7))
    (client.outgoing, server.outgoing) = (there[...], back[...])
    (client.pieces, server.pieces) = (pieces, pieces)
    pump(client, server, pieces: pieces, seed: seed)
    #expect(client.error == nil && server.error == nil)
    #expect(server.hasReceived(there))
    #expect(client.hasReceived(back))
  }

  @Test("both sides know how they are protected, and the connector whom it has reached")
  func peers() throws {
    let place = try Place()
    let credentials = try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    let peer = try #require(client.session.peer)
    #expect(peer.certificate == credentials.certificate)
    #expect(peer.certificate?.names == [.dns("localhost"), .ip("127.0.0.1")])
    #expect(peer.certificate?.subject == "CN=server")
    #expect(peer.certificate?.issuer == "CN=Test CA")
    #expect(peer.certificate?.fingerprint.count == 64)
    #expect(peer.version == .tls13 && peer.cipher.hasPrefix("TLS_"))
    #expect(peer.isVerified && !peer.isResumed && !peer.isKernelTLS)
    #expect(peer.group == "x25519")
    let other = try #require(server.session.peer)
    #expect(other.certificate == nil && !other.isVerified)
    #expect(other.serverName == "localhost")
  }

  @Test("both say goodbye, and the rest of what was sent still arrives")
  func goodbye() throws {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    client.outgoing = [1, 2, 3]
    client.step()
    client.session.finish()
    pump(client, server)
    #expect(server.received == [1, 2, 3] && server.hasEnded && server.error == nil)
    #expect(!client.hasEnded)
    // The other direction is open for as long as its sender likes.
    server.outgoing = [4, 5]
    server.step()
    server.session.finish()
    pump(client, server)
    #expect(client.received == [4, 5] && client.hasEnded && client.error == nil)
    // Whoever has said goodbye writes no more.
    client.outgoing = [9]
    client.step()
    #expect(client.outgoing == [9] && client.error == nil)
    client.end()
    client.step()
    #expect(client.error == nil)
  }

  @Test("what is cut is told from what has ended, at whatever byte")
  func truncation() throws {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    client.outgoing = pattern(1000, seed: 3)[...]
    client.step()
    let bytes = client.give(700)
    #expect(server.take(bytes[...]) == 700)
    server.step()
    #expect(server.error == nil && server.received.isEmpty)
    server.end()
    server.step()
    #expect(server.error?.code == .truncated)
    #expect(server.error?.message.contains("without a goodbye") == true)
    // It stays so.
    server.step()
    #expect(server.error?.code == .truncated)
  }

  @Test("a handshake that is cut is explained")
  func truncatedHandshake() throws {
    let place = try Place()
    try place.server()
    let server = End(try place.listener().session())
    let client = End(try place.connector().session(host: "localhost"))
    client.step()
    #expect(server.take(client.give(100)[...]) == 100)
    server.end()
    server.step()
    #expect(server.error?.code == .truncated)
    #expect(server.error?.message.contains("middle of the TLS handshake") == true)
  }

  @Test("head and body make full records, and no more is taken than there is room for")
  func records() throws {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    let (head, body) = (pattern(100, seed: 1), pattern(1 << 20, seed: 2))
    let taken = try client.session.writeAll(head, body)
    // Sixteen of them.
    #expect(taken == 16 * 16384)
    let records = unsafe try lengths(Array(client.session.pending))
    #expect(records.count == 16)
    // The length of what it holds, its kind, and a tag.
    #expect(records.allSatisfy { $0 == 16384 + 1 + 16 })
    #expect(try client.session.writeAll(head, body) == 0)
    pump(client, server)
    #expect(server.hasReceived(Array((head + body).prefix(taken))))
    #expect(try client.session.writeAll(head, []) == 100)
    pump(client, server)
  }

  private func lengths(_ bytes: [UInt8]) throws -> [Int] {
    var (lengths, index): ([Int], Int) = ([], 0)
    while index < bytes.count {
      try #require(bytes[index] == 23 && index + 5 <= bytes.count)
      lengths.append(Int(bytes[index + 3]) << 8 | Int(bytes[index + 4]))
      index += 5 + lengths[lengths.count - 1]
    }
    return lengths
  }

  @Test("one that does not read holds the other back, and nothing is lost")
  func backpressure() throws {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    var sent: [UInt8] = []
    // Fills all that lies between, without the listener's program reading.
    while true {
      let piece = pattern(5000, seed: UInt64(sent.count))
      let taken = try client.session.writeAll(piece, [])
      sent += piece.prefix(taken)
      let bytes = unsafe Array(client.session.pending)
      let arrived = server.take(bytes[...])
      client.session.sent(arrived)
      if taken == 0, arrived == 0 { break }
    }
    unsafe #expect(server.session.room.isEmpty)
    #expect(sent.count > 300_000)
    pump(client, server)
    #expect(server.hasReceived(sent))
  }

  @Test("memory that holds nothing can be given back at any time")
  func relaxing() throws {
    let place = try Place()
    try place.server()
    let (client, server) = try meet(place.connector(), place.listener())
    for round in 0..<5 {
      client.outgoing = pattern(100_000, seed: UInt64(round))[...]
      client.step()
      // With something under way, and without.
      client.session.relax()
      pump(client, server)
      client.session.relax()
      server.session.relax()
      #expect(server.hasReceived(pattern(100_000, seed: UInt64(round))))
      server.forgetReceived()
    }
  }

  @Test("new keys are taken, and asked for, in the middle of it", arguments: [true, false])
  func keyUpdate(_ isServer: Bool) throws {
    let place = try Place()
    try place.server()
    let (end, raw) = try place.met(isServer: isServer)
    for round in 0..<20 {
      #expect(raw.updateKeys())
      raw.outgoing = pattern(100, seed: UInt64(round))
      end.outgoing = pattern(50, seed: UInt64(round))[...]
      pump(end, raw)
    }
    #expect(end.error == nil && raw.error == nil)
    #expect(end.received.count == 2000 && raw.received.count == 1000)
  }
}
