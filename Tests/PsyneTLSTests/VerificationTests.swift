import COpenSSL
import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

struct Flaw: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: TLSError.Code
  /// What has to stand in the message.
  let words: [String]
  /// What the one hears whose certificate it is.
  let alert: UInt8
  /// Makes what is refused.
  var make: @Sendable (Place, inout CertificateRequest) throws -> Void = { _, _ in }
  /// Signs by somebody else.
  var isForeign = false
  var isSelfSigned = false
  /// Makes a revocation list, given the serial of what is refused.
  var list: (@Sendable (Place, String) throws -> [UInt8])?
}

/// What is wrong with a certificate, who notices, and what the other side hears.
@Suite("Certificates that are refused")
struct VerificationTests {
  enum Side: CaseIterable, Sendable { case server, client }

  static let flaws: [Flaw] = [
    Flaw(
      testDescription: "expired", code: .expired, words: ["expired on", "UTC", "renew"], alert: 45,
      make: {
        $1.notBefore = Int64(time(nil)) - 7200
        $1.notAfter = Int64(time(nil)) - 3600
      }),
    Flaw(
      testDescription: "not yet valid", code: .notYetValid, words: ["is valid from", "clock"],
      alert: 42,
      make: {
        $1.notBefore = Int64(time(nil)) + 3600
        $1.notAfter = Int64(time(nil)) + 7200
      }),
    Flaw(
      testDescription: "self-signed", code: .selfSigned, words: ["vouches for itself", "ca"],
      alert: 48, isSelfSigned: true),
    Flaw(
      testDescription: "of an unknown authority", code: .unknownAuthority,
      words: ["'CN=Other CA'", "not trusted here", "ca"], alert: 48, isForeign: true),
    Flaw(
      testDescription: "for the other side", code: .wrongPurpose,
      words: ["serverAuth", "clientAuth"], alert: 43,
      make: { $1.usage = $1.usage == .server ? .client : .server }),
    Flaw(
      testDescription: "revoked", code: .revoked, words: ["was revoked by 'CN=Test CA'", "serial"],
      alert: 44,
      list: { try $0.authority.revocationList(["0A", $1], lifetime: .seconds(3600)) }),
    Flaw(
      testDescription: "to be looked up in an old list", code: .noRevocationList,
      words: ["past or ahead of its time"], alert: 45,
      list: { place, _ in try place.authority.revocationList([], lifetime: .seconds(-30)) }),
    Flaw(
      testDescription: "to be looked up in another's list", code: .noRevocationList,
      words: ["no list of 'CN=Test CA'"], alert: 48,
      list: { _, _ in
        let other = try CertificateAuthority(
          creating: CertificateRequest("Other CA", .authority, lifetime: .seconds(3600)))
        return try other.revocationList([], lifetime: .seconds(3600))
      }),
  ]

  @Test(
    "each is named where it is refused, and explained where it comes from",
    arguments: flaws, Side.allCases)
  func refusal(_ flaw: Flaw, _ side: Side) throws {
    let place = try Place()
    try place.server()
    try place.client()
    let name = side == .server ? "bad" : "bad-client"
    var request = CertificateRequest(
      name, side == .server ? .server : .client, names: [.dns("localhost")],
      lifetime: .seconds(3600))
    try flaw.make(place, &request)
    let credentials: Credentials
    if flaw.isSelfSigned {
      credentials = try CertificateAuthority.selfSigned(request)
    } else if flaw.isForeign {
      credentials = try CertificateAuthority(
        creating: CertificateRequest("Other CA", .authority, lifetime: .seconds(3600))
      ).issue(request)
    } else {
      credentials = try place.authority.issue(request)
    }
    try place.write(credentials, name)
    let list = try flaw.list?(place, credentials.certificate.serial)
    if let list { try place.write(list, "crl.pem") }
    let (refuser, refused) = try meet(place, side, name, hasList: list != nil)
    let error = try #require(refuser.error)
    #expect(error.code == flaw.code, "\(error)")
    for word in flaw.words + ["'CN=\(name)'"] { #expect(error.message.contains(word), "\(error)") }
    let heard = try #require(refused.error)
    #expect(heard.code == .alert && heard.alert == flaw.alert, "\(heard)")
    #expect(heard.message.contains("(TLS alert \(flaw.alert))"))
    #expect(refuser.received.isEmpty && refused.received.isEmpty)
    #expect(!refuser.session.isEstablished)
  }

  private func meet(
    _ place: Place, _ side: Side, _ name: String, hasList: Bool
  ) throws -> (refuser: End, refused: End) {
    let connector = try place.connector(side == .client ? name : "client") {
      if hasList, side == .server { $0.revocations = place.path("crl.pem") }
    }
    let listener = try place.listener(side == .server ? name : "server") {
      $0.authorities = place.path("ca.pem")
      if hasList, side == .client { $0.revocations = place.path("crl.pem") }
    }
    let client = End(try connector.session(host: "localhost"))
    let server = End(try listener.session())
    (client.outgoing, server.outgoing) = ([1, 2, 3], [4, 5, 6])
    pump(client, server)
    return side == .server ? (client, server) : (server, client)
  }

  @Test(
    "a certificate for others is not for this host, and says for whom it is",
    arguments: [
      ("db.example.org", true), ("DB.example.org.", true), ("x.sub.example.org", true),
      ("a.b.sub.example.org", false), ("sub.example.org", false), ("example.org", false),
      ("10.1.2.3", true), ("10.1.2.4", false), ("::1", true), ("[::1]", true), ("::2", false),
      ("server", false),
    ])
  func hosts(_ host: String, _ isRight: Bool) throws {
    let place = try Place()
    try place.server(
      names: [.dns("db.example.org"), .dns("*.sub.example.org"), .ip("10.1.2.3"), .ip("::1")])
    let (client, server) = try PsyneTLSTests.meet(
      place.connector(), place.listener(), host: host)
    if isRight {
      #expect(client.error == nil && client.session.isEstablished && server.session.isEstablished)
      return
    }
    let error = try #require(client.error)
    #expect(error.code == .wrongHost)
    #expect(error.message.contains("is not for '\(host)'"), "\(error)")
    #expect(error.message.contains("DNS:db.example.org, DNS:*.sub.example.org, IP:10.1.2.3"))
    #expect(server.error?.alert == 42)
  }

  @Test("servername comes before the host, and is what is asked for")
  func serverName() throws {
    let place = try Place()
    try place.server(names: [.dns("db.example.org")])
    let connector = try place.connector { $0.serverName = "db.example.org" }
    let (client, server) = try PsyneTLSTests.meet(connector, place.listener(), host: "10.0.0.1")
    #expect(client.session.isEstablished)
    #expect(server.session.peer?.serverName == "db.example.org")
  }

  @Test("a common name alone is nobody's")
  func commonName() throws {
    let place = try Place()
    try place.server("localhost", names: [])
    let (client, _) = try PsyneTLSTests.meet(place.connector(), place.listener("localhost"))
    #expect(client.error?.code == .wrongHost)
    #expect(client.error?.message.contains("no alternative names") == true)
  }

  @Test("a key that can be broken is refused, whichever side has it", arguments: Side.allCases)
  func weak(_ side: Side) throws {
    let place = try Place()
    try place.server()
    try place.server("weak") { $0.key = .rsa(bits: 1024) }
    try place.client("weak-client") { $0.key = .rsa(bits: 1024) }
    let name = side == .server ? "weak" : "weak-client"
    let end = End(
      try side == .server
        ? place.connector().session(host: "localhost")
        : place.listener { $0.authorities = place.path("ca.pem") }.session())
    let raw = unsafe RawPeer(isServer: side == .server) { context in
      unsafe place.configure(context, isServer: side == .server, name)
    }
    pump(end, raw)
    #expect(end.error?.code == .weakKey, "\(String(describing: end.error))")
    #expect(end.error?.message.contains("make a new one") == true)
    #expect(raw.alert != nil)
    // Nor is it one's own.
    let error = #expect(throws: TransportError.self) {
      _ = try side == .server ? place.listener(name) : place.connector(name)
    }
    #expect(error?.message.hasPrefix("cert '\(place.path(name)).pem' has a key") == true)
  }

  @Test("an intermediate authority is believed if the certificate comes with it")
  func chain() throws {
    let place = try Place()
    let middle = try place.authority.intermediate(
      CertificateRequest("Middle CA", .authority, lifetime: .seconds(3600)))
    let credentials = try place.server(by: middle)
    let (client, server) = try PsyneTLSTests.meet(place.connector(), place.listener())
    #expect(client.error?.code == .unknownAuthority)
    #expect(client.error?.message.contains("'CN=Middle CA'") == true)
    #expect(server.error?.alert == 48)
    try place.write(
      credentials.certificatePEM + middle.credentials().certificatePEM, "server.pem")
    let (again, _) = try PsyneTLSTests.meet(place.connector(), place.listener())
    #expect(again.error == nil && again.session.isEstablished)
    // Or if it is named itself.
    try place.write(credentials.certificatePEM, "server.pem")
    try place.write(middle.credentials().certificatePEM, "middle.pem")
    let pinned = try place.connector { $0.authorities = place.path("middle.pem") }
    let (last, _) = try PsyneTLSTests.meet(pinned, place.listener())
    #expect(last.error == nil && last.session.isEstablished)
  }

  @Test("one who may not vouch for others is not believed")
  func leafAsAuthority() throws {
    let place = try Place()
    let leaf = try place.server("leaf")
    let impostor = try CertificateAuthority(
      certificate: place.path("leaf.pem"), key: place.path("leaf.key"))
    let credentials = try place.server(by: impostor)
    try place.write(credentials.certificatePEM + leaf.certificatePEM, "server.pem")
    let (client, _) = try PsyneTLSTests.meet(place.connector(), place.listener())
    #expect(client.error?.code == .wrongPurpose, "\(String(describing: client.error))")
    #expect(client.error?.message.contains("may not vouch") == true)
  }

  @Test("a certificate that vouches for itself can be trusted by name")
  func pinned() throws {
    let place = try Place()
    try place.write(
      CertificateAuthority.selfSigned(
        CertificateRequest("own", .server, names: [.dns("localhost")], lifetime: .seconds(60))),
      "own")
    let connector = try place.connector { $0.authorities = place.path("own.pem") }
    let (client, _) = try PsyneTLSTests.meet(connector, place.listener("own"))
    #expect(client.error == nil && client.session.isEstablished)
  }

  @Test("the system's authorities do not know ours")
  func system() throws {
    let place = try Place()
    try place.server()
    let connector = try place.connector { $0.authorities = nil }
    let (client, _) = try PsyneTLSTests.meet(connector, place.listener())
    #expect(client.error?.code == .unknownAuthority)
  }

  @Test("without verification anybody is believed, and that is reported")
  func insecure() throws {
    let log = DiagnosticLog.shared
    let place = try Place()
    try place.write(
      CertificateAuthority.selfSigned(
        CertificateRequest("any", .server, lifetime: .seconds(60))), "any")
    let before = log.messages(.unverified, mentioning: "verify=none").count
    let connector = try place.connector {
      $0.authorities = nil
      $0.verification = .insecure
    }
    #expect(log.messages(.unverified, mentioning: "verify=none").count > before)
    let (client, _) = try PsyneTLSTests.meet(connector, place.listener("any"))
    #expect(client.error == nil && client.session.peer?.isVerified == false)
  }
}
