/// Who the other side of a connection has shown to be, where the transport asks: over `tls://`, the owner of
/// its certificate.
public struct PeerIdentity: Hashable, Sendable {
  /// Whom the certificate is for: "CN=robot-7,O=Example".
  public let subject: String
  /// The names that it is for: host names, addresses, URIs, mail addresses.
  public let names: [String]
  /// Who has signed it.
  public let issuer: String
  /// SHA-256 of the whole certificate, in hexadecimal digits of lower case.
  public let fingerprint: String
  /// How the connection is secured: "TLS 1.3, TLS_AES_256_GCM_SHA384".
  public let security: String

  /// Whether both stand for one owner, whose certificate may have been renewed.
  package func isSame(as other: PeerIdentity?) -> Bool {
    guard let other else { return false }
    return subject == other.subject && names == other.names && issuer == other.issuer
  }

  public init(
    subject: String, names: [String], issuer: String, fingerprint: String, security: String
  ) {
    self.subject = subject
    self.names = names
    self.issuer = issuer
    self.fingerprint = fingerprint
    self.security = security
  }
}
