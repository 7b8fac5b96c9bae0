import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport

/// An authority and a directory for what it gives out. One for each test, made on the fly.
final class Place {
  let directory: TemporaryDirectory
  let authority: CertificateAuthority

  init() throws {
    directory = try TemporaryDirectory()
    authority = try CertificateAuthority(
      creating: CertificateRequest("Test CA", .authority, lifetime: .seconds(86400)))
    try write(authority.credentials().certificatePEM, "ca.pem")
  }

  func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try PEMFile.write(bytes, to: path(name), .ownerOnly, replacing: true)
    return path(name)
  }

  @discardableResult
  func write(_ credentials: Credentials, _ name: String) throws -> Credentials {
    try write(credentials.certificatePEM, "\(name).pem")
    try write(credentials.keyPEM, "\(name).key")
    return credentials
  }

  /// A server's certificate.
  @discardableResult
  func server(
    _ name: String = "server",
    names: [TLSCertificate.Name] = [.dns("localhost"), .ip("127.0.0.1")],
    by authority: CertificateAuthority? = nil,
    _ change: (inout CertificateRequest) -> Void = { _ in }
  ) throws -> Credentials {
    var request = CertificateRequest(name, .server, names: names, lifetime: .seconds(3600))
    change(&request)
    return try write((authority ?? self.authority).issue(request), name)
  }

  @discardableResult
  func client(
    _ name: String = "client", names: [TLSCertificate.Name]? = nil,
    by authority: CertificateAuthority? = nil,
    _ change: (inout CertificateRequest) -> Void = { _ in }
  ) throws -> Credentials {
    var request = CertificateRequest(
      name, .client, names: names ?? [.dns(name)], lifetime: .seconds(3600))
    change(&request)
    return try write((authority ?? self.authority).issue(request), name)
  }

  /// The server's key once more, in `secret.key`, encrypted.
  func encryptKey(_ passphrase: String) throws {
    try run(
      "openssl", "pkey", "-in", path("server.key"), "-aes256", "-passout", "pass:\(passphrase)",
      "-out", path("secret.key"))
  }

  func listener(
    _ name: String = "server", _ hooks: TLSHooks = TLSHooks(),
    _ change: (inout TLSOptions) -> Void = { _ in }
  ) throws -> TLSContext {
    var options = TLSOptions()
    options.certificate = path("\(name).pem")
    options.key = path("\(name).key")
    change(&options)
    return try TLSContext(.listener, options, hooks: hooks)
  }

  /// - Parameter name: of its certificate, if it is to have one.
  func connector(
    _ name: String? = nil, _ hooks: TLSHooks = TLSHooks(),
    _ change: (inout TLSOptions) -> Void = { _ in }
  ) throws -> TLSContext {
    var options = TLSOptions()
    options.authorities = path("ca.pem")
    if let name {
      options.certificate = path("\(name).pem")
      options.key = path("\(name).key")
    }
    change(&options)
    return try TLSContext(.connector, options, hooks: hooks)
  }
}

/// A connector and a listener that have talked for as long as they had something to say.
func meet(
  _ connector: TLSContext, _ listener: TLSContext, host: String = "localhost"
) throws -> (client: End, server: End) {
  let client = End(try connector.session(host: host))
  let server = End(try listener.session())
  pump(client, server)
  return (client, server)
}

func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SeededGenerator(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count {
    unsafe withUnsafeBytes(of: random.next()) { unsafe bytes.append(contentsOf: $0) }
  }
  return Array(bytes.prefix(count))
}
