/// Whether a connector checks who is at the other end.
public enum TLSVerification: String, Hashable, Sendable, CaseIterable {
  /// The certificate comes from an authority that is trusted, is for that server, and holds today.
  case full
  /// Anybody who can get in between reads and changes everything. It is reported as
  /// ``Diagnostic/Code/unverified``, and refused together with a certificate of one's own.
  case insecure = "none"
}

/// Whether a listener wants a certificate of those that connect.
public enum TLSClientCertificates: String, Hashable, Sendable, CaseIterable {
  /// Whoever has none from the listener's authorities is turned away.
  case required = "require"
  /// Nobody is asked for one.
  case unasked = "none"
}

/// A version of the protocol. There are older ones, which are not spoken.
public enum TLSVersion: String, Hashable, Sendable, CaseIterable, Comparable {
  case tls12 = "1.2"
  case tls13 = "1.3"

  public static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.rawValue < b.rawValue }
}

/// What can be set for `tls://` beside what TCP has, in code or in an address, which has the last word.
///
/// Files are in PEM format, and read when somebody listens or connects, and when they are reloaded. What is
/// wrong with one is a ``TransportError`` that names the option, the file and the reason.
public struct TLSOptions: Hashable, Sendable {
  /// `ca`: the authorities that are trusted, a file or a directory of files. Nil: a connector trusts the
  /// system's; a listener asks nobody for a certificate.
  public var authorities: String?
  /// `cert`: the file of our own certificate, followed by those between it and the authority. A listener
  /// has to have one.
  public var certificate: String?
  /// `key`: the file of the certificate's private key. Nil: it is in the certificate's file.
  public var key: String?
  /// `verify`: whether a connector checks the listener's certificate.
  public var verification = TLSVerification.full
  /// `clientcert`: whether a listener wants certificates of connectors. Nil: it does if it has
  /// ``authorities``. Without them it cannot, for the system's authorities give certificates to everybody.
  public var clientCertificates: TLSClientCertificates?
  /// `servername`: whom a connector wants to reach, a name or an IP address, if it is not the host of the
  /// address.
  public var serverName: String?
  /// `tls`: the oldest version of the protocol that is spoken.
  public var minimumVersion = TLSVersion.tls13
  /// `crl`: a file of the authorities' lists of certificates that they have revoked, one of each.
  public var revocations: String?
  /// `allow`: who may be at the other end: DNS names, IP addresses, URIs and mail addresses of its
  /// certificate, of which one has to be among these. Nil: whoever has a certificate that is accepted. In
  /// an address they are separated by commas.
  public var allowed: [String]?
  /// `token`: a file with a secret that both sides have to know: see ``TLSToken``.
  public var token: String?

  public init() {}
}
