import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

/// Whatever comes: nothing may trap, and nothing that was changed may be handed out.
@Suite("Damage on the way")
struct DamageTests {
  private static let rounds = environment("PSYNE_VERIFY") == nil ? 2000 : 10000

  @Test("a bit that flips anywhere ends the connection, with an error that says so")
  func flips() throws {
    let seed = makeSeed("flips")
    var random = SeededGenerator(seed: seed)
    let place = try Place()
    try place.server()
    try place.client()
    let listener = try place.listener { $0.authorities = place.path("ca.pem") }
    let connector = try place.connector("client")
    let sent = pattern(40000, seed: seed)
    var codes: [String: Int] = [:]
    for round in 0..<Self.rounds {
      let client = End(try connector.session(host: "localhost"), seed: seed)
      let server = End(try listener.session(), seed: seed)
      client.outgoing = sent[...]
      server.outgoing = sent[...]
      // Of the handshake's bytes most often, else of what follows.
      let position = Int.random(in: 0..<(round % 3 == 0 ? 42000 : 2000), using: &random)
      let (kind, bit) = (round % 4, UInt8(1) << UInt8.random(in: 0...7, using: &random))
      let fromServer = random.next() % 2 == 0
      var passed = 0
      let (a, b) = fromServer ? (server, client) : (client, server)
      pump(a, b, pieces: 1...40000, seed: seed &+ UInt64(round)) { bytes in
        defer { passed += bytes.count }
        let index = position - passed
        guard bytes.indices.contains(index) else { return }
        switch kind {
        case 0, 1: bytes[index] ^= bit
        case 2: bytes.remove(at: index)
        default: bytes.insert(bit, at: index)
        }
      }
      // What was handed out is what was sent, up to the damage.
      #expect(sent.starts(with: a.received) as Bool && sent.starts(with: b.received) as Bool)
      a.end()
      b.end()
      for end in [a, b] { end.step() }
      guard passed > position else { continue }
      let error = b.error ?? a.error
      #expect(error != nil, "round \(round), at \(position), \(kind)")
      if let error {
        codes["\(error.code)", default: 0] += 1
        #expect(!error.message.isEmpty)
      }
    }
    print("damage, as it was reported: \(codes.sorted { $0.value > $1.value })")
  }

  @Test("garbage is no TLS, wherever it comes")
  func garbage() throws {
    let seed = makeSeed("garbage")
    var random = SeededGenerator(seed: seed)
    let place = try Place()
    try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    for round in 0..<Self.rounds {
      let end = End(
        try round % 2 == 0 ? connector.session(host: "localhost") : listener.session())
      var bytes = pattern(.random(in: 1...3000, using: &random), seed: random.next())
      // So that it gets past the first look.
      if round % 4 > 1 {
        let kinds: [UInt8] = [20, 21, 22, 23, 24]
        let length = UInt16.random(in: 0...4000, using: &random)
        bytes =
          [random.pick(kinds), 3, random.pick([1, 3, 4]), UInt8(length >> 8), UInt8(length & 255)]
          + bytes
      }
      pump(end, Parrot(bytes), pieces: 1...4000, seed: random.next())
      end.end()
      end.step()
      #expect(end.error != nil && end.received.isEmpty)
    }
  }

  @Test("an alert that ends nothing, or comes at the wrong time, hands out nothing")
  func closeNotifyInPlain() throws {
    let place = try Place()
    try place.server()
    let client = End(try place.connector().session(host: "localhost"))
    // A goodbye before the handshake, which anybody in between could say.
    pump(client, Parrot([21, 3, 3, 0, 2, 1, 0]))
    #expect(!client.hasEnded || client.error != nil)
    #expect(client.error?.code == .truncated, "\(String(describing: client.error))")
  }
}
