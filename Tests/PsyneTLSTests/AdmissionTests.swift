import COpenSSL
import PsyneCore
@testable import PsyneTLS
import Synchronization
import TestSupport
import Testing

/// Who may stay, of those that have shown who they are.
@Suite("Admission")
struct AdmissionTests {
  @Test("whoever has no certificate hears that one is wanted", arguments: TLSVersion.allCases)
  func missing(_ version: TLSVersion) throws {
    let place = try Place()
    try place.server()
    let listener = try place.listener {
      $0.authorities = place.path("ca.pem")
      $0.minimumVersion = version
    }
    let server = End(try listener.session())
    let raw = unsafe RawPeer(isServer: false) { context in
      unsafe place.configure(context, isServer: false)
      unsafe copenssl_set_max(context, version)
    }
    pump(raw, server)
    #expect(server.error?.code == .noCertificate)
    #expect(server.error?.message.contains("set cert and key") == true)
    #expect(raw.alert == (version == .tls13 ? 116 : 40))
    // And ours.
    let (client, _) = try meet(place.connector(), listener)
    #expect(client.error?.alert == 116)
    #expect(client.error?.message.contains("set cert and key") == true)
  }

  @Test("a certificate of the listener's authority lets in, and is known there")
  func mutual() throws {
    let place = try Place()
    try place.server()
    let credentials = try place.client(names: [.uri("spiffe://example.org/worker")])
    let (client, server) = try meet(
      place.connector("client"), place.listener { $0.authorities = place.path("ca.pem") })
    #expect(client.error == nil && server.error == nil)
    let peer = try #require(server.session.peer)
    #expect(peer.certificate == credentials.certificate && peer.isVerified)
    #expect(peer.certificate?.names == [.uri("spiffe://example.org/worker")])
  }

  @Test(
    "names that are allowed let in, and no others",
    arguments: [
      (["w.example.org"], true), (["nobody", "w.example.org"], true), (["W.Example.Org"], true),
      (["spiffe://example.org/w"], true), (["ops@example.org"], true), (["::1"], true),
      (["0:0:0:0:0:0:0:1"], true), (["worker-1"], false), (["w"], false),
      (["example.org"], false), (["*.example.org"], false), (["spiffe://example.org/W"], false),
      (["::2"], false),
    ])
  func allowed(_ allowed: [String], _ isRight: Bool) throws {
    let place = try Place()
    try place.server()
    try place.client(
      "worker-1",
      names: [
        .dns("w.example.org"), .uri("spiffe://example.org/w"), .email("ops@example.org"),
        .ip("::1"),
      ])
    let listener = try place.listener {
      $0.authorities = place.path("ca.pem")
      $0.allowed = allowed
    }
    let client = End(try place.connector("worker-1").session(host: "localhost"))
    let server = End(try listener.session())
    client.outgoing = [1, 2, 3]
    pump(client, server)
    #expect(server.session.isEstablished == isRight)
    #expect(server.received == (isRight ? [1, 2, 3] : []))
    guard !isRight else { return }
    #expect(server.error?.code == .refused)
    #expect(server.error?.message.contains("DNS:w.example.org") == true)
    #expect(client.error?.alert == 49, "\(String(describing: client.error))")
    #expect(client.error?.message.contains("does not let us in") == true)
  }

  @Test("a connector can say whom it accepts too, and says so")
  func allowedServer() throws {
    let place = try Place()
    try place.server()
    let connector = try place.connector { $0.allowed = ["other"] }
    let listener = try place.listener()
    let (client, server) = try meet(connector, listener)
    #expect(client.error?.code == .refused && !client.session.isEstablished)
    #expect(client.error?.message.contains("has no name that allow has (other)") == true)
    #expect(server.error?.alert == 40, "\(String(describing: server.error))")
    let right = try place.connector { $0.allowed = ["localhost"] }
    let (welcome, _) = try meet(right, listener)
    #expect(welcome.session.isEstablished)
  }

  @Test("TLS 1.2 has a word too for who is not allowed")
  func older() throws {
    let place = try Place()
    try place.server()
    try place.client()
    let listener = try place.listener {
      ($0.authorities, $0.allowed) = (place.path("ca.pem"), ["other"])
      $0.minimumVersion = .tls12
    }
    let end = End(try listener.session())
    let raw = unsafe RawPeer(isServer: false) { context in
      unsafe place.configure(context, isServer: false, "client")
      unsafe copenssl_set_max(context, .tls12)
    }
    pump(raw, end)
    #expect(end.error?.code == .refused && !end.session.isEstablished)
    #expect(raw.alert == 40)
  }

  @Test("the program decides, once, before anything is read", arguments: TLSVersion.allCases)
  func hook(_ version: TLSVersion) throws {
    let place = try Place()
    try place.server()
    try place.client()
    let asked = Mutex<[TLSPeer]>([])
    var hooks = TLSHooks()
    hooks.authorize = { peer throws(TLSRefusal) in
      let count = asked.withLock { asked in
        asked.append(peer)
        return asked.count
      }
      if count > 1 { throw TLSRefusal("it was here before") }
    }
    let listener = try place.listener("server", hooks) {
      $0.authorities = place.path("ca.pem")
      $0.minimumVersion = .tls12
    }
    func visit() -> (RawPeer, End)? {
      guard let server = try? End(listener.session()) else { return nil }
      let raw = unsafe RawPeer(isServer: false) { context in
        unsafe place.configure(context, isServer: false, "client")
        unsafe copenssl_set_max(context, version)
      }
      raw.outgoing = [1, 2, 3]
      pump(raw, server)
      return (raw, server)
    }
    let (first, server) = try #require(visit())
    #expect(server.error == nil && server.received == [1, 2, 3] && first.error == nil)
    #expect(asked.withLock { $0.map(\.version) } == [version])
    #expect(asked.withLock { $0.first?.certificate?.commonName } == "client")
    let (second, refusing) = try #require(visit())
    #expect(refusing.error?.code == .refused && refusing.received.isEmpty)
    #expect(refusing.error?.message.contains("it was here before") == true)
    #expect(refusing.error?.message.contains("'CN=client'") == true)
    #expect(asked.withLock { $0.count } == 2)
    #expect(second.alert == (version == .tls13 ? 49 : nil))
  }

  @Test("those without a certificate can be decided upon as well")
  func hookWithoutCertificate() throws {
    let place = try Place()
    try place.server()
    var hooks = TLSHooks()
    hooks.authorize = { peer throws(TLSRefusal) in
      if peer.certificate == nil { throw TLSRefusal("we are closed") }
    }
    let (client, server) = try meet(place.connector(), place.listener("server", hooks))
    #expect(server.error?.message == "the other side was turned away: we are closed")
    #expect(client.error?.alert == 49)
  }
}
