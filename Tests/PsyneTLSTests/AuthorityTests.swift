import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

@Suite("Certificate authority")
struct AuthorityTests {
  @Test("OpenSSL's own tool believes what is issued, and for what it is")
  func verified() throws {
    let place = try Place()
    try place.server(names: [.dns("localhost"), .dns("*.example.org"), .ip("::1")])
    try place.client(names: [.uri("spiffe://example.org/a"), .email("a@example.org")])
    for (name, purpose) in [("server", "sslserver"), ("client", "sslclient")] {
      try run(
        "openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", place.path("ca.pem"),
        place.path("\(name).pem"))
      let other = purpose == "sslserver" ? "sslclient" : "sslserver"
      #expect(throws: ToolFailure.self) {
        try run(
          "openssl", "verify", "-purpose", other, "-CAfile", place.path("ca.pem"),
          place.path("\(name).pem"))
      }
    }
  }

  @Test("what was written is read, and signs")
  func reading() throws {
    let place = try Place()
    try place.write(place.authority.credentials().keyPEM, "ca.key")
    let again = try CertificateAuthority(
      certificate: place.path("ca.pem"), key: place.path("ca.key"))
    try place.server(by: again)
    #expect(try meet(place.connector(), place.listener()).client.session.isEstablished)
    try place.server("other")
    let error = #expect(throws: TransportError.self) {
      _ = try CertificateAuthority(certificate: place.path("ca.pem"), key: place.path("other.key"))
    }
    #expect(error?.message.contains("does not belong") == true)
  }

  @Test("serials are random, and names stand as they were asked for")
  func contents() throws {
    let place = try Place()
    let names: [TLSCertificate.Name] = [
      .dns("a.example.org"), .dns("*.b.example.org"), .ip("10.0.0.1"), .ip("fe80::1"),
      .uri("spiffe://x/y"), .email("a@b.org"),
    ]
    let (first, second) = (try place.server(names: names), try place.server(names: names))
    #expect(first.certificate.names == names)
    #expect(first.certificate.serial != second.certificate.serial)
    #expect(first.certificate.serial.count == 32)
    let now = Int64(time(nil))
    #expect(abs(first.certificate.notBefore - (now - 300)) < 60)
    #expect(abs(first.certificate.notAfter - (now + 3600)) < 60)
  }

  @Test(
    "a name that would turn into another is refused",
    arguments: [
      .dns("a,DNS:b"), .dns(""), .dns("a b"), .dns("*"), .dns("*.*.a"), .dns("a\0b"),
      .dns("10.0.0.1"),
      .ip("10.0.0"), .ip("localhost"), .uri("no-colon"), .uri("a:b,DNS:c"), .email("copy"),
      .email("a@b,DNS:c"),
    ] as [TLSCertificate.Name])
  func hostileNames(_ name: TLSCertificate.Name) throws {
    let place = try Place()
    let error = #expect(throws: TransportError.self) { try place.server(names: [name]) }
    #expect(error?.code == .invalidOption)
  }

  @Test("common names are bounded, and no one's name hides in them")
  func commonNames() throws {
    let place = try Place()
    for name in ["", String(repeating: "x", count: 65)] {
      #expect(throws: TransportError.self) {
        _ = try place.authority.issue(CertificateRequest(name, .client, lifetime: .seconds(60)))
      }
    }
    let odd = try place.authority.issue(
      CertificateRequest("admin\0x\u{1b}[2J", .client, lifetime: .seconds(60)))
    #expect(odd.certificate.commonName == "admin\\x00x\\x1b[2J")
    #expect(!odd.certificate.isAllowed(["admin"]))
    #expect(odd.certificate.description.utf8.allSatisfy { (0x20...0x7e).contains($0) })
  }

  @Test("keys are for their owner alone, and nothing is overwritten that was not meant to be")
  func files() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/x.key"
    try PEMFile.write([1, 2], to: path, .ownerOnly)
    var status = stat()
    #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let error = #expect(throws: TransportError.self) {
      try PEMFile.write([3], to: path, .ownerOnly)
    }
    #expect(error?.code == .inUse && error?.errno == EEXIST)
    #expect(try readFile(path) == [1, 2])
    try PEMFile.write([3], to: path, .ownerOnly, replacing: true)
    #expect(try readFile(path) == [3])
    #expect(directory.names == ["x.key"])
    let missing = #expect(throws: TransportError.self) {
      try PEMFile.write([3], to: "\(directory.path)/no/x", .everybody)
    }
    #expect(missing?.errno == ENOENT)
  }

  @Test(
    "a list of revoked certificates takes hexadecimal digits only",
    arguments: ["", "xyz", "1g", "-1"])
  func serials(_ serial: String) throws {
    let place = try Place()
    #expect(throws: TransportError.self) {
      _ = try place.authority.revocationList([serial], lifetime: .seconds(60))
    }
  }

  @Test(
    "times are written as people read them",
    arguments: [
      (0, "1970-01-01 00:00 UTC"), (951_782_400, "2000-02-29 00:00 UTC"),
      (1_735_689_599, "2024-12-31 23:59 UTC"), (4_107_542_400, "2100-03-01 00:00 UTC"),
      (-1, "1969-12-31 23:59 UTC"),
    ] as [(Int64, String)])
  func times(_ seconds: Int64, _ text: String) { #expect(UTC.text(seconds) == text) }
}
