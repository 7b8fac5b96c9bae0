/// Who is at the other end of a connection, and how it is protected.
public struct TLSPeer: Hashable, Sendable {
  /// The other side's certificate; nil if it has shown none.
  public let certificate: TLSCertificate?
  /// Whether the certificate was checked.
  public let isVerified: Bool
  /// The name that the connector asked for; nil if none, or an IP address.
  public let serverName: String?
  public let version: TLSVersion
  /// As in `TLS_AES_256_GCM_SHA384`.
  public let cipher: String
  /// What the keys were agreed on by, as in `x25519`; nil where none were, as when TLS 1.2 resumes.
  public let group: String?
  /// Whether it goes on with keys of an earlier connection, when the certificate was shown.
  public let isResumed: Bool
  /// Whether the kernel encrypts. It does not: `docs/architecture.md` says why.
  public var isKernelTLS: Bool { false }
}

/// What a certificate says.
public struct TLSCertificate: Hashable, Sendable {
  /// A name for which a certificate stands.
  public enum Name: Hashable, Sendable {
    case dns(String)
    case ip(String)
    case uri(String)
    case email(String)

    public var text: String {
      switch self {
      case .dns(let text), .ip(let text), .uri(let text), .email(let text): text
      }
    }
  }

  /// As in `CN=worker-1,O=Example`.
  public let subject: String
  public let commonName: String?
  /// The alternative names (SANs). Bytes that are not printable ASCII are escaped.
  public let names: [Name]
  /// The authority that has given it.
  public let issuer: String
  /// In hexadecimal digits.
  public let serial: String
  /// In seconds since 1970.
  public let notBefore: Int64
  /// In seconds since 1970.
  public let notAfter: Int64
  /// SHA-256 of the whole certificate, in hexadecimal digits.
  public let fingerprint: String
}

extension TLSCertificate: CustomStringConvertible {
  public var description: String {
    names.isEmpty
      ? "'\(subject)'" : "'\(subject)' (\(names.map(\.description).joined(separator: ", ")))"
  }
}

extension TLSCertificate.Name: CustomStringConvertible {
  public var description: String {
    switch self {
    case .dns(let text): "DNS:\(text)"
    case .ip(let text): "IP:\(text)"
    case .uri(let text): "URI:\(text)"
    case .email(let text): "email:\(text)"
    }
  }
}

extension TLSCertificate {
  /// Whether one of its names is among those that may connect. A common name says nothing of what kind it is,
  /// and authorities do not look at it.
  func isAllowed(_ allowed: [String]) -> Bool {
    allowed.contains { name in
      names.contains { own in
        switch own {
        case .dns(let text): text.lowercased() == name.lowercased()
        case .ip(let text):
          IPAddress.bytes(of: name).map { IPAddress.text(of: $0) == text } ?? false
        case .uri(let text), .email(let text): text == name
        }
      }
    }
  }
}
