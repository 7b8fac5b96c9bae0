import Glibc
import Psyne
import PsyneTLS
import Synchronization
import TestSupport
import Testing

/// The transports that the same tests run over.
enum Scheme: String, CaseIterable, CustomTestStringConvertible {
  case memory, ipc, tcp, tls
  case encoded = "zeros+tcp"
  case compressed = "lz4+tcp"
  case compressedAndEncrypted = "lz4+tls"

  private static let count = Atomic<Int>(0)

  /// An address that nobody else listens at.
  func address(_ options: String = "") -> String {
    let suffix = options.isEmpty ? "" : "?\(options)"
    guard isLocal else { return "\(rawValue)://127.0.0.1:0\(suffix)" }
    let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    return "\(rawValue)://connections-\(getpid())-\(number)\(suffix)"
  }

  /// Whether both sides are on one machine.
  var isLocal: Bool { self == .memory || self == .ipc }

  var testDescription: String { rawValue }

  /// With certificates of its own.
  static let registry: TransportRegistry = {
    let tcp = TCPTransport()
    guard let options = try? credentials() else { preconditionFailure("certificates can be made") }
    let tls = TLSTransport(options, over: tcp)
    return TransportRegistry([
      MemoryTransport(), IPCTransport(), tcp, tls, tcp.encoded(by: ZeroCodec()),
      tcp.encoded(by: LZ4Codec()), tls.encoded(by: LZ4Codec()),
    ])
  }()

  /// An authority, and a server's certificate from it.
  private static func credentials() throws -> TLSOptions {
    let directory = try TemporaryDirectory()
    // They are read by and by: for as long as the process lives.
    kept.withLock { $0 = directory }
    atexit { Scheme.kept.withLock { $0 = nil } }
    let authority = try CertificateAuthority(
      creating: CertificateRequest("Test CA", .authority, lifetime: .seconds(86400)))
    let server = try authority.issue(
      CertificateRequest("server", .server, names: [.ip("127.0.0.1")], lifetime: .seconds(86400)))
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      let path = "\(directory.path)/\(name)"
      try PEMFile.write(bytes, to: path, .ownerOnly)
      return path
    }
    var options = TLSOptions()
    options.authorities = try write(try authority.credentials().certificatePEM, "ca.pem")
    options.certificate = try write(server.certificatePEM, "server.pem")
    options.key = try write(server.keyPEM, "server.key")
    options.clientCertificates = .unasked
    return options
  }

  fileprivate static let kept = Mutex<TemporaryDirectory?>(nil)
}

extension Server {
  init(_ uri: String) throws(TransportError) { try self.init(uri, registry: Scheme.registry) }
}

extension Connection {
  init(_ uri: String) throws(TransportError) { try self.init(uri, registry: Scheme.registry) }
}
