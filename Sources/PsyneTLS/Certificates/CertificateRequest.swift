internal import Glibc
internal import PsyneCore

/// What a certificate is to say.
package struct CertificateRequest: Sendable {
  /// What the holder may do with it.
  package enum Usage: Sendable { case server, client, authority }

  package enum Key: Sendable {
    /// An elliptic curve of 128 bits of security. What everybody should use.
    case p256
    case rsa(bits: Int)
  }

  /// The common name, 1 to 64 bytes of UTF-8.
  package var commonName: String
  package var names: [TLSCertificate.Name] = []
  package var usage: Usage
  package var key = Key.p256
  /// In seconds since 1970. Five minutes ago, because clocks differ.
  package var notBefore = Int64(time(nil)) - 300
  /// In seconds since 1970.
  package var notAfter: Int64

  /// - Parameter lifetime: counts from now.
  package init(
    _ commonName: String, _ usage: Usage, names: [TLSCertificate.Name] = [], lifetime: Duration
  ) {
    self.commonName = commonName
    self.usage = usage
    self.names = names
    notAfter = Int64(time(nil)) + lifetime.components.seconds
  }

  /// The alternative names, as OpenSSL's configuration files spell them; nil if there are none.
  func alternativeNames() throws(TransportError) -> String? {
    var parts: [String] = []
    for name in names {
      guard Self.isPossible(name) else {
        throw TransportError(
          .invalidOption,
          "'\(name.text.printable)' cannot stand in a certificate: write a host's name, an IP address, a URI or a mail address, in ASCII and without commas"
        )
      }
      parts.append(name.description)
    }
    return parts.isEmpty ? nil : parts.joined(separator: ",")
  }

  /// None may turn into two.
  private static func isPossible(_ name: TLSCertificate.Name) -> Bool {
    let text = name.text.utf8
    guard (1...1024).contains(text.count),
      text.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x2c })
    else { return false }
    switch name {
    case .dns(let text):
      let host = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
      return (try? ServerName(host)).map { !$0.isIPAddress } ?? false
    case .ip(let text): return IPAddress.bytes(of: text) != nil
    case .uri: return name.text.contains(":")
    // Two words mean something else to the library.
    case .email: return name.text.contains("@")
    }
  }
}
