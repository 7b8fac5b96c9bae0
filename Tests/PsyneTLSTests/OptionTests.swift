import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

@Suite("Options")
struct OptionTests {
  @Test("an address sets all of them, and has the last word")
  func address() throws {
    var options = TLSOptions()
    options.authorities = "/from/code"
    options.allowed = ["x"]
    let merged = try options.merging(
      ChannelAddress(
        "tls://host:1?ca=/ca&cert=/c.pem&key=/c.key&verify=none&clientcert=require&servername=db"
          + "&tls=1.2&crl=/crl&allow=a,b.example.org&capacity=1MiB"))
    #expect(merged.authorities == "/ca" && merged.certificate == "/c.pem")
    #expect(merged.key == "/c.key" && merged.verification == .insecure)
    #expect(merged.clientCertificates == .required && merged.serverName == "db")
    #expect(merged.minimumVersion == .tls12 && merged.revocations == "/crl")
    #expect(merged.allowed == ["a", "b.example.org"])
    #expect(try options.merging(ChannelAddress("tls://host:1")) == options)
  }

  @Test(
    "what is none is refused, with what would be right",
    arguments: [
      ("tls=1.1", "tls '1.1'", "write 1.2 or 1.3"), ("verify=off", "verify 'off'", "full or none"),
      ("clientcert=yes", "clientcert 'yes'", "require or none"),
    ])
  func malformed(_ option: String, _ what: String, _ advice: String) throws {
    let error = #expect(throws: TransportError.self) {
      _ = try TLSOptions().merging(ChannelAddress("tls://host:1?\(option)"))
    }
    #expect(error?.code == .invalidOption)
    #expect(error?.message.contains(what) == true && error?.message.contains(advice) == true)
  }

  @Test("what contradicts itself is refused")
  func contradictions() throws {
    let place = try Place()
    try place.server()
    try place.client()
    func refused(
      _ role: TLSRole, _ words: String, _ change: (inout TLSOptions) -> Void,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let error = #expect(throws: TransportError.self, sourceLocation: sourceLocation) {
        _ =
          try role == .listener
          ? place.listener("server", TLSHooks(), change)
          : place.connector(nil, TLSHooks(), change)
      }
      #expect(error?.code == .invalidOption, sourceLocation: sourceLocation)
      #expect(
        error?.message.contains(words) == true, "\(String(describing: error))",
        sourceLocation: sourceLocation)
    }
    refused(.listener, "needs a certificate") { ($0.certificate, $0.key) = (nil, nil) }
    refused(.listener, "clientcert=none") { $0.verification = .insecure }
    refused(.listener, "needs ca") { $0.clientCertificates = .required }
    refused(.listener, "allow needs") { $0.allowed = ["x"] }
    refused(.listener, "crl needs") { $0.revocations = "/x" }
    refused(.listener, "allow needs") {
      ($0.authorities, $0.clientCertificates, $0.allowed) = ("/x", .unasked, ["x"])
    }
    refused(.connector, "verify=none with cert") {
      $0.verification = .insecure
      ($0.certificate, $0.key) = ("/x", "/y")
    }
    refused(.connector, "verify=none checks no") {
      ($0.verification, $0.allowed) = (.insecure, ["x"])
    }
    refused(.connector, "key is of no use") { $0.key = "/x" }
    refused(.connector, "servername 'a b'") { $0.serverName = "a b" }
    refused(.connector, "names nobody") { $0.allowed = [] }
    refused(.connector, "an empty name") { $0.allowed = ["a", ""] }
    refused(.connector, "is no name") { $0.allowed = ["a\\x00"] }
  }

  @Test(
    "a host that is none is refused before anything is sent", arguments: ["", "a b", "a/b", "ü"])
  func hosts(_ host: String) throws {
    let place = try Place()
    let connector = try place.connector()
    let error = #expect(throws: TransportError.self) { _ = try connector.session(host: host) }
    #expect(error?.code == .invalidOption)
    #expect(error?.message.contains("servername") == true)
  }

  @Test(
    "each file that is missing, malformed or another's is named, with its option and the reason")
  func files() throws {
    let place = try Place()
    let server = try place.server()
    let other = try place.authority.issue(
      CertificateRequest("other", .server, lifetime: .seconds(60)))
    try place.write(Array("nothing of the kind\n".utf8), "text")
    try place.write([], "empty")
    try place.write(other.keyPEM, "other.key")
    var damaged = server.certificatePEM
    damaged[100] = UInt8(ascii: "*")
    try place.write(damaged, "damaged")
    var damagedKey = server.keyPEM
    damagedKey[60] = UInt8(ascii: "*")
    try place.write(damagedKey, "damaged.key")
    try place.write(Array(server.certificatePEM.prefix(300)), "cut")
    let list = try place.authority.revocationList([], lifetime: .seconds(60))
    try place.write(list, "crl")

    func refused(
      _ option: String, _ file: String, _ words: String,
      _ code: TransportError.Code = .invalidOption,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let path = file.hasPrefix("/") ? file : place.path(file)
      let error = #expect(throws: TransportError.self, sourceLocation: sourceLocation) {
        _ = try place.listener {
          $0.authorities = place.path("ca.pem")
          switch option {
          case "ca": $0.authorities = path
          case "cert": $0.certificate = path
          case "key": $0.key = path
          default: $0.revocations = path
          }
        }
      }
      #expect(error?.code == code, sourceLocation: sourceLocation)
      #expect(
        error?.message.hasPrefix("\(option) '\(path)' ") == true
          && error?.message.contains(words) == true,
        "\(String(describing: error))", sourceLocation: sourceLocation)
    }
    for option in ["ca", "cert", "key", "crl"] {
      refused(option, "missing", "cannot be read: No such file", .notFound)
      refused(option, "text", "PEM format")
      refused(option, "empty", "PEM format")
      refused(option, "/dev/null", "no regular file")
    }
    for option in ["cert", "key", "crl"] { refused(option, "/tmp", "no regular file") }
    refused("ca", "damaged", "certificate number 1 cannot be read")
    refused("cert", "damaged", "certificate number 1 cannot be read")
    refused("cert", "cut", "certificate number 1 cannot be read")
    refused("key", "damaged.key", "private key cannot be read")
    refused("key", "other.key", "does not belong to the certificate")
    refused("key", "server.pem", "no private key")
    refused("crl", "ca.pem", "no revocation list")
    refused("ca", "crl", "no certificate")
    let directory = try TemporaryDirectory()
    refused("ca", directory.path, "no certificate")
  }

  @Test("the authorities of a directory are those of its files")
  func directory() throws {
    let place = try Place()
    try place.server()
    let directory = try TemporaryDirectory()
    let other = try Place()
    try PEMFile.write(
      other.authority.credentials().certificatePEM, to: "\(directory.path)/a.pem", .everybody)
    try PEMFile.write(Array("read me".utf8), to: "\(directory.path)/README", .everybody)
    let connector = try place.connector { $0.authorities = directory.path }
    #expect(try meet(connector, place.listener()).client.error?.code == .unknownAuthority)
    try PEMFile.write(
      place.authority.credentials().certificatePEM, to: "\(directory.path)/b.pem", .everybody)
    #expect(try connector.reloadIfChanged())
    #expect(try meet(connector, place.listener()).client.session.isEstablished)
  }

  @Test("certificate and key may be in one file")
  func combined() throws {
    let place = try Place()
    let server = try place.server()
    try place.write(server.keyPEM + server.certificatePEM, "both.pem")
    let listener = try place.listener {
      $0.certificate = place.path("both.pem")
      $0.key = nil
    }
    #expect(try meet(place.connector(), listener).client.session.isEstablished)
  }

  @Test("an encrypted key needs its passphrase, which is in no message")
  func passphrase() throws {
    let place = try Place()
    try place.server()
    try place.encryptKey("geheim1")
    func listener(_ hooks: TLSHooks) throws -> TLSContext {
      try place.listener("server", hooks) { $0.key = place.path("secret.key") }
    }
    let without = #expect(throws: TransportError.self) { _ = try listener(TLSHooks()) }
    #expect(without?.message.contains("is encrypted, and there is no passphrase") == true)
    var hooks = TLSHooks()
    hooks.passphrase = { _ in "geheim2" }
    let wrong = #expect(throws: TransportError.self) { _ = try listener(hooks) }
    #expect(wrong?.message.contains("the passphrase is wrong") == true)
    #expect(wrong?.message.contains("geheim") == false)
    hooks.passphrase = { file in file.hasSuffix("/secret.key") ? "geheim1" : nil }
    #expect(try meet(place.connector(), listener(hooks)).client.session.isEstablished)
  }

  @Test("a certificate of our own that others will not believe is reported")
  func ownExpired() throws {
    let log = DiagnosticLog.shared
    let place = try Place()
    try place.server {
      $0.notBefore = Int64(time(nil)) - 100
      $0.notAfter = Int64(time(nil)) - 50
    }
    _ = try place.listener()
    let messages = log.messages(.certificate, mentioning: place.path("server.pem"))
    #expect(messages.count == 1 && messages.first?.contains("expired on") == true)
  }
}
