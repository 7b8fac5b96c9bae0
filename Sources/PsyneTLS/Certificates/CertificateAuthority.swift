internal import COpenSSL
package import PsyneCore

/// A certificate and its private key, as they stand in files.
package struct Credentials: Sendable {
  package let certificate: TLSCertificate
  package let certificatePEM: [UInt8]
  /// Not encrypted: it belongs into a file that its owner alone can read.
  package let keyPEM: [UInt8]
}

/// Gives out certificates.
///
/// ```swift
/// let authority = try CertificateAuthority(
///   creating: CertificateRequest("Example CA", .authority, lifetime: .seconds(3650 * 86400)))
/// let server = try authority.issue(
///   CertificateRequest("db", .server, names: [.dns("db.example.org")], lifetime: .seconds(90 * 86400)))
/// ```
package final class CertificateAuthority: Sendable {
  let certificate: X509Certificate
  let key: PrivateKey

  /// Makes a new one, which vouches for itself.
  package init(creating request: CertificateRequest) throws(TransportError) {
    key = try Certificates.makeKey(request.key)
    certificate = try Certificates.make(request, key, issuer: nil)
  }

  /// Reads one.
  package init(
    certificate path: String, key keyPath: String,
    passphrase: (@Sendable (String) -> String?)? = nil
  ) throws(TransportError) {
    let file = TLSFile(option: "the authority's certificate", path: path)
    let keyFile = TLSFile(option: "the authority's key", path: keyPath)
    guard OpenSSL.isReady else { throw OpenSSL.failure("certificates cannot be read") }
    guard let certificate = try PEM.certificates(file.read(limit: 1 << 20), of: file).first else {
      throw file.failure("has no certificate in PEM format")
    }
    var bytes = try keyFile.read(limit: 1 << 20)
    defer {
      unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
    guard let key = try PEM.privateKey(bytes, of: keyFile, passphrase) else {
      throw keyFile.failure("has no private key in PEM format")
    }
    guard certificate.belongs(to: key) else {
      throw keyFile.failure("does not belong to the certificate in '\(path.printable)'")
    }
    self.certificate = certificate
    self.key = key
  }

  /// What its own says.
  package var contents: TLSCertificate { certificate.contents }

  /// Its own.
  package func credentials() throws(TransportError) -> Credentials {
    try Certificates.credentials(certificate, key)
  }

  package func issue(_ request: CertificateRequest) throws(TransportError) -> Credentials {
    let ownKey = try Certificates.makeKey(request.key)
    return try Certificates.credentials(
      Certificates.make(request, ownKey, issuer: (certificate, key)), ownKey)
  }

  /// One that vouches for itself, and for nobody else.
  package static func selfSigned(
    _ request: CertificateRequest
  ) throws(TransportError) -> Credentials {
    let key = try Certificates.makeKey(request.key)
    return try Certificates.credentials(Certificates.make(request, key, issuer: nil), key)
  }

  /// An authority that this one vouches for.
  package func intermediate(
    _ request: CertificateRequest
  ) throws(TransportError) -> CertificateAuthority {
    let ownKey = try Certificates.makeKey(request.key)
    return CertificateAuthority(
      try Certificates.make(request, ownKey, issuer: (certificate, key)), ownKey)
  }

  private init(_ certificate: X509Certificate, _ key: PrivateKey) {
    self.certificate = certificate
    self.key = key
  }
}
