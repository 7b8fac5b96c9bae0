import ArgumentParser
import Glibc
import PsyneTLS

/// Sends back all bytes that come, over the encryption of `tls://` alone: what it takes and refuses is what a
/// listener of `tls://` does. Tools that know nothing of Psyne can be pointed at it.
@main
struct TLSEcho: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psyne-tls-echo",
    abstract: "Send back what comes over TLS, as a listener of tls:// would take it.")

  @Option(help: "Where to listen.")
  var host = "127.0.0.1"

  @Option(help: "0 for a free one; the first line says which.")
  var port: UInt16 = 0

  @Option(help: "The certificate, with those between it and its authority.")
  var cert: String

  @Option(help: "Its key, if it is not in the same file.")
  var key: String?

  @Option(help: "Who connects has to have a certificate of these authorities.")
  var ca: String?

  @Option(help: "Lists of the certificates that they have revoked.")
  var crl: String?

  @Option(help: "The oldest version: 1.3 or 1.2.", transform: Self.version)
  var tls = TLSVersion.tls13

  @Flag(help: "Take any protocol (ALPN), or none, instead of psyne/1 alone.")
  var noALPN = false

  func run() throws {
    var options = TLSOptions()
    options.certificate = cert
    options.key = key
    options.authorities = ca
    options.revocations = crl
    options.minimumVersion = tls
    var hooks = TLSHooks()
    hooks.takesAnyProtocol = noALPN
    let server = try EchoServer(
      host: host, port: port, TLSContext(.listener, options, hooks: hooks))
    say("listening at \(server.place)\n", to: 1)
    server.run()
  }

  private static func version(_ text: String) throws -> TLSVersion {
    guard let version = TLSVersion(rawValue: text) else {
      throw ValidationError("'\(text)' is neither 1.3 nor 1.2")
    }
    return version
  }
}

/// Writes at once, without a buffer that a signal could leave full.
func say(_ text: String, to file: Int32) {
  // What nobody reads any more is not said.
  _ = unsafe write(file, text, text.utf8.count)
}
