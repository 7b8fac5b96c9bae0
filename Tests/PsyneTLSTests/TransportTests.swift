import Glibc
import PsyneCore
import PsyneTCP
@testable import PsyneTLS
import Synchronization
import TestSupport
import Testing

/// Connections over `tls://`, with real sockets and certificates.
@Suite("TLS connections")
struct TransportTests {
  typealias Numbers = Vector<UInt64>
  private static let tcp = TCPTransport()

  private func registry(
    _ options: TLSOptions = TLSOptions(), _ hooks: TLSHooks = TLSHooks()
  ) -> TransportRegistry {
    TransportRegistry([Self.tcp, TLSTransport(options, hooks: hooks, over: Self.tcp)])
  }

  private func server(
    _ place: Place, _ more: String = "", _ hooks: TLSHooks = TLSHooks()
  ) throws -> Server<Numbers> {
    try Server<Numbers>(
      "tls://127.0.0.1:0?cert=\(place.path("server.pem"))&key=\(place.path("server.key"))\(more)",
      registry: registry(TLSOptions(), hooks))
  }

  private func connect(
    _ server: Server<Numbers>, _ options: String, _ hooks: TLSHooks = TLSHooks()
  ) throws(TransportError) -> Connection<Numbers> {
    try Connection<Numbers>("\(server.address)?\(options)", registry: registry(TLSOptions(), hooks))
  }

  /// What is thrown to one that connects.
  private func refusal(_ server: Server<Numbers>, _ options: String, _ hooks: TLSHooks = TLSHooks())
    -> String
  {
    do throws(TransportError) {
      _ = try connect(server, options, hooks)
      return "it is let in"
    } catch { return error.message }
  }

  private func exchange(_ server: Server<Numbers>, _ connection: Connection<Numbers>) throws {
    var questions = try Questions(server, connection)
    for number in 0..<100 as Range<UInt64> { try questions.ask(number) }
  }

  @Test("both sides know who the other is")
  func mutual() throws {
    let place = try Place()
    try place.server()
    let credentials = try place.client("robot-7", names: [.uri("psyne:robot-7")])
    let server = try server(place, "&ca=\(place.path("ca.pem"))&allow=psyne:robot-7")
    let connection = try connect(
      server,
      "ca=\(place.path("ca.pem"))&cert=\(place.path("robot-7.pem"))&key=\(place.path("robot-7.key"))"
    )
    try exchange(server, connection)
    #expect(connection.identity?.names == ["localhost", "127.0.0.1"])
    let peer = try #require(server.peers.first)
    #expect(peer.identity?.subject == "CN=robot-7" && peer.identity?.names == ["psyne:robot-7"])
    #expect(peer.identity?.fingerprint == credentials.certificate.fingerprint)
    #expect(peer.identity?.security.hasPrefix("TLS 1.3, TLS_") == true)
    #expect(server.identity(of: peer.id) == peer.identity)
  }

  @Test("a connection says how it is encrypted, and whether it was resumed after a break")
  func details() throws {
    let place = try Place()
    try place.server()
    let server = try server(place)
    let proxy = try CuttingProxy(to: UInt16(server.address.split(separator: ":").last ?? "") ?? 0) {
      .max
    }
    defer { proxy.stop() }
    let connection = try Connection<Numbers>(
      "tls://127.0.0.1:\(proxy.port)?ca=\(place.path("ca.pem"))", registry: registry())
    let first = try #require(connection.details.encryption)
    #expect(first.version == "TLS 1.3" && first.group == "x25519")
    #expect(first.cipher.hasPrefix("TLS_") && !first.isResumed && !first.isInKernel)
    #expect(connection.details.transport == "TCP" && connection.details.codec == nil)
    try exchange(server, connection)
    proxy.cutAll()
    try eventually("it is resumed") { connection.details.encryption?.isResumed == true }
    #expect("\(connection.details)".contains(", x25519, resumed, not by the kernel"))
    let peer = try #require(server.peers.first?.id)
    try eventually("the server knows") {
      server.details(of: peer)?.encryption?.isResumed == true
    }
  }

  @Test("who is not who it says, or cannot show it, is told what is wrong")
  func refusals() throws {
    let (place, other) = (try Place(), try Place())
    try place.server()
    try place.client()
    try other.client()
    let ca = "ca=\(place.path("ca.pem"))"
    let open = try server(place)
    #expect(refusal(open, "ca=\(other.path("ca.pem"))").contains("authority"))
    #expect(refusal(open, "\(ca)&servername=somebody.example").contains("somebody.example"))
    #expect(refusal(open, ca) == "it is let in")
    let closed = try server(place, "&\(ca)")
    #expect(refusal(closed, ca).contains("certificate"))
    let strange = "cert=\(other.path("client.pem"))&key=\(other.path("client.key"))"
    #expect(refusal(closed, "\(ca)&\(strange)").contains("the other side"))
    let own = "cert=\(place.path("client.pem"))&key=\(place.path("client.key"))"
    #expect(refusal(closed, "\(ca)&\(own)") == "it is let in")
    let choosy = try server(place, "&\(ca)&allow=somebody")
    #expect(refusal(choosy, "\(ca)&\(own)").contains("the other side"))
  }

  @Test("a program turns peers away before anything that they send is looked at")
  func hook() throws {
    let place = try Place()
    try place.server()
    try place.client()
    let seen = Mutex<[String?]>([])
    var hooks = TLSHooks()
    hooks.authorize = { peer throws(TLSRefusal) in
      seen.withLock { $0.append(peer.certificate?.subject) }
      throw TLSRefusal("not today")
    }
    let ca = "ca=\(place.path("ca.pem"))"
    let server = try server(place, "&\(ca)", hooks)
    let own = "cert=\(place.path("client.pem"))&key=\(place.path("client.key"))"
    #expect(refusal(server, "\(ca)&\(own)") != "it is let in")
    #expect(seen.withLock(\.self) == ["CN=client"])
    #expect(server.peers.isEmpty)
  }

  @Test("plain text at a door for TLS, and TLS at one for plain text: both are told")
  func plain() throws {
    let place = try Place()
    try place.server()
    let secure = try server(place)
    let plain = try Server<Numbers>("tcp://127.0.0.1:0", registry: registry())
    let port = secure.address.split(separator: ":").last ?? ""
    // At once: it is not asked for as long as there is time.
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("tcp://127.0.0.1:\(port)?connecttimeout=1h", registry: registry())
    }
    #expect(error?.code == .mismatch)
    #expect(error?.message.contains("tls://") == true, "\(error?.message ?? "")")
    let plainPort = plain.address.split(separator: ":").last ?? ""
    let other = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>(
        "tls://127.0.0.1:\(plainPort)?ca=\(place.path("ca.pem"))&connecttimeout=1h",
        registry: registry())
    }
    #expect(other?.code == .mismatch)
    #expect(other?.message.contains("tcp:// on both") == true, "\(other?.message ?? "")")
    #expect(refusal(secure, "ca=\(place.path("ca.pem"))") == "it is let in")
  }

  @Test("a token lets in who knows it, and nobody else")
  func tokens() throws {
    let place = try Place()
    try place.server()
    let (right, wrong) = ("token=\(place.path("token"))", "token=\(place.path("other"))")
    try place.write(Array("0123456789abcdef0123456789abcdef\n".utf8), "token")
    try place.write(Array("another, which is as long as that".utf8), "other")
    let ca = "ca=\(place.path("ca.pem"))"
    let server = try server(place, "&\(right)")
    try exchange(server, try connect(server, "\(ca)&\(right)"))
    #expect(refusal(server, "\(ca)&\(wrong)").contains("token"))
    #expect(refusal(server, ca).contains("token"))
    var hooks = TLSHooks()
    hooks.tokens = [try TLSToken(file: place.path("token"))]
    #expect(refusal(server, ca, hooks) == "it is let in")
  }

  @Test("where one side alone has a token both are told so, at once and for good")
  func oneToken() throws {
    let log = DiagnosticLog.shared
    let place = try Place()
    try place.server()
    try place.write(Array("0123456789abcdef0123456789abcdef\n".utf8), "token")
    let (ca, token) = ("ca=\(place.path("ca.pem"))", "token=\(place.path("token"))")
    let (open, closed) = (try server(place), try server(place, "&\(token)"))
    for (server, options, words, told) in [
      (
        open, "\(ca)&\(token)", "we have a token, and the other side has none",
        "the other side has a token, and we have none"
      ),
      (
        closed, ca, "the other side has a token, and we have none",
        "the other side has no token, and we want one"
      ),
    ] {
      let error = #expect(throws: TransportError.self) {
        _ = try connect(server, "\(options)&connecttimeout=1h&resume=1h")
      }
      #expect(error?.code == .mismatch)
      let address = "\(server.address)?\(options)&connecttimeout=1h&resume=1h"
      #expect(
        error?.message
          == "cannot connect to '\(address)': \(words): give both sides the same one, or none")
      // One a second is told, and others are turned away beside this one.
      try eventually("the listener's log has it") {
        if !log.messages(.refused, mentioning: told).isEmpty { return true }
        #expect(refusal(server, options).contains(words))
        return false
      }
    }
    try exchange(open, try connect(open, ca))
    try exchange(closed, try connect(closed, "\(ca)&\(token)"))
  }

  @Test("a new certificate is shown to new connections, and the old ones stay")
  func reload() throws {
    let place = try Place()
    try place.server()
    var options = TLSOptions()
    (options.certificate, options.key) = (place.path("server.pem"), place.path("server.key"))
    let transport = TLSTransport(options, over: Self.tcp)
    let server = try Server<Numbers>(
      "tls://127.0.0.1:0", registry: TransportRegistry([transport]))
    let ca = "ca=\(place.path("ca.pem"))"
    let old = try connect(server, ca)
    let new = try place.server()
    try transport.reload()
    let later = try connect(server, ca)
    #expect(later.identity?.fingerprint == new.certificate.fingerprint)
    #expect(old.identity?.fingerprint != new.certificate.fingerprint)
    #expect(old.state == .connected)
    // One that cannot be used is not: the last one is.
    try place.write(Array("no certificate".utf8), "server.pem")
    #expect(throws: TransportError.self) { try transport.reload() }
    #expect(try connect(server, ca).identity?.fingerprint == new.certificate.fingerprint)
  }

  @Test(
    "a certificate that is replaced is shown to who connects from then on, without a word from anybody"
  )
  func replaced() throws {
    let place = try Place()
    try place.server()
    let server = try server(place)
    let ca = "ca=\(place.path("ca.pem"))"
    let old = try connect(server, ca)
    let new = try place.server()
    try eventually("it is shown") {
      try connect(server, ca).identity?.fingerprint == new.certificate.fingerprint
    }
    #expect(old.state == .connected)
  }

  @Test("tls+tcp:// is tls://, and what cannot be had is said")
  func schemes() throws {
    let place = try Place()
    try place.server()
    let server = try server(place)
    let address = server.address.replacing("tls://", with: "tls+tcp://")
    let connection = try Connection<Numbers>(
      "\(address)?ca=\(place.path("ca.pem"))", registry: registry())
    #expect(connection.state == .connected)
    let missing = #expect(throws: TransportError.self) {
      _ = try Server<Numbers>("tls://127.0.0.1:0", registry: registry())
    }
    #expect(missing?.message.contains("cert") == true)
    let ipc = #expect(throws: TransportError.self) {
      _ = try Server<Numbers>("lz4+memory://name", registry: registry())
    }
    #expect(ipc?.message.contains("shared memory") == true)
  }
}
