internal import PsyneTLS

/// Certificates for a server at the far end of a wire, made on the spot and gone with their folder.
struct WireCertificates {
  private let directory: TemporaryDirectory
  /// Where their files are named without a folder.
  var folder: String { directory.path }

  let server = "cert=wire.pem&key=wire.key"
  let client = "ca=ca.pem"

  init(for host: String) throws {
    let lifetime = Duration.seconds(3600)
    let authority = try CertificateAuthority(
      creating: CertificateRequest("psyne demo", .authority, lifetime: lifetime))
    let server = try authority.issue(
      CertificateRequest("wire", .server, names: [.ip(host)], lifetime: lifetime))
    directory = try TemporaryDirectory(for: "ca.pem", "wire.pem", "wire.key", holding: 1 << 20)
    do {
      try PEMFile.write(
        authority.credentials().certificatePEM, to: directory["ca.pem"], .everybody)
      try PEMFile.write(server.certificatePEM, to: directory["wire.pem"], .everybody)
      try PEMFile.write(server.keyPEM, to: directory["wire.key"], .ownerOnly)
    } catch {
      directory.remove()
      throw error
    }
  }

  func remove() { directory.remove() }
}
