import COpenSSL
import CPsyne
import Glibc
import PsyneCore
@testable import PsyneTLS
import Synchronization
import TestSupport
import Testing

@Suite("Resumption and reloading")
struct ResumptionTests {
  /// Whether it was resumed, as both sides see it; nil if it failed.
  private func visit(
    _ connector: TLSContext, _ listener: TLSContext, host: String = "localhost"
  ) throws -> Bool? {
    let (client, server) = try meet(connector, listener, host: host)
    // The ticket comes after the handshake.
    guard let mine = client.session.peer, let yours = server.session.peer, client.error == nil
    else { return nil }
    #expect(mine.isResumed == yours.isResumed)
    return mine.isResumed
  }

  @Test(
    "the next connection goes on where the last began, and knows the same",
    arguments: TLSVersion.allCases)
  func resumption(_ version: TLSVersion) throws {
    let place = try Place()
    try place.server()
    let credentials = try place.client()
    let connector = try place.connector("client") { $0.minimumVersion = version }
    let listener = try place.listener {
      $0.authorities = place.path("ca.pem")
      $0.minimumVersion = version
      $0.allowed = ["client"]
    }
    #expect(try visit(connector, listener) == false)
    for _ in 0..<3 { #expect(try visit(connector, listener) == true) }
    let (client, server) = try meet(connector, listener)
    #expect(server.session.peer?.certificate == credentials.certificate)
    #expect(client.session.peer?.certificate?.commonName == "server")
    // Another name is another server.
    #expect(try visit(connector, listener, host: "127.0.0.1") == false)
    #expect(try visit(connector, listener, host: "127.0.0.1") == true)
  }

  @Test("of connections at once, each begins with a session of its own")
  func singleUse() throws {
    let place = try Place()
    try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    #expect(try visit(connector, listener) == false)
    let first = End(try connector.session(host: "localhost"))
    let second = End(try connector.session(host: "localhost"))
    pump(first, End(try listener.session()))
    pump(second, End(try listener.session()))
    #expect(first.session.peer?.isResumed == true)
    #expect(second.session.peer?.isResumed == false)
  }

  @Test("a certificate that has expired since is refused when its holder comes back")
  func expiredMeanwhile() throws {
    let place = try Place()
    try place.server()
    var (connector, listener, expiry): (TLSContext, TLSContext, Int64)
    var first: Bool?
    // A longer life each time that it was over before the first visit.
    var seconds: Int64 = 1
    repeat {
      let end = Int64(time(nil)) + seconds
      try place.client { $0.notAfter = end }
      connector = try place.connector("client")
      listener = try place.listener { $0.authorities = place.path("ca.pem") }
      first = try visit(connector, listener)
      expiry = end
      seconds *= 2
    } while first == nil && Int64(time(nil)) >= expiry && seconds < 120
    #expect(first == false)
    try eventually("the certificate has expired") { Int64(time(nil)) > expiry }
    let (client, server) = try meet(connector, listener)
    #expect(server.error?.code == .expired)
    #expect(server.session.peer == nil)
    #expect(client.error?.alert == 45)
  }

  @Test("a new certificate is for new connections; those that are there go on")
  func reload() throws {
    let place = try Place()
    let old = try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    let (client, server) = try meet(connector, listener)
    #expect(try !listener.reloadIfChanged())
    let new = try place.server()
    #expect(try listener.reloadIfChanged())
    #expect(try !listener.reloadIfChanged())
    (client.outgoing, server.outgoing) = ([1, 2, 3], [4, 5])
    pump(client, server)
    #expect(client.received == [4, 5] && server.received == [1, 2, 3])
    #expect(client.session.peer?.certificate == old.certificate)
    // Sessions of before are resumed.
    #expect(try visit(connector, listener) == true)
    let (fresh, _) = try meet(place.connector(), listener)
    #expect(fresh.session.peer?.certificate == new.certificate)
  }

  @Test("tickets get a new key when their time is over: who comes back then begins anew")
  func rotation() throws {
    let place = try Place()
    try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    #expect(try visit(connector, listener) == false)
    let end = cpsyne_monotonic_ns() + Int64(SSLContext.ticketSeconds) * 1_000_000_000
    #expect(try !listener.reloadIfChanged(at: end - 60_000_000_000))
    // A connector's are not its own.
    #expect(try !connector.reloadIfChanged(at: end))
    #expect(try visit(connector, listener) == true)
    // Reloading keeps the key, and its age.
    try listener.reload()
    #expect(try visit(connector, listener) == true)
    #expect(try listener.reloadIfChanged(at: end))
    #expect(try visit(connector, listener) == false)
    #expect(try visit(connector, listener) == true)
    #expect(try !listener.reloadIfChanged(at: end))
  }

  @Test("new keys for tickets are tried once where files cannot be read, and after as long again")
  func failedRotation() throws {
    let place = try Place()
    try place.server()
    try place.encryptKey("geheim")
    let asked = Atomic<Int>(0)
    var hooks = TLSHooks()
    hooks.passphrase = { _ in asked.add(1, ordering: .relaxed).newValue == 1 ? "geheim" : nil }
    let listener = try place.listener("server", hooks) { $0.key = place.path("secret.key") }
    let connector = try place.connector()
    #expect(try visit(connector, listener) == false)
    let time = Int64(SSLContext.ticketSeconds) * 1_000_000_000
    let end = cpsyne_monotonic_ns() + time
    #expect(throws: TransportError.self) { try listener.reloadIfChanged(at: end) }
    let before = asked.load(ordering: .relaxed)
    #expect(try !listener.reloadIfChanged(at: end + 1))
    #expect(try !listener.reloadIfChanged(at: end + time - 1))
    #expect(asked.load(ordering: .relaxed) == before)
    #expect(try visit(connector, listener) == true)
    #expect(throws: TransportError.self) { try listener.reloadIfChanged(at: end + time) }
  }

  @Test("a reload that fails changes nothing, and is tried again")
  func failedReload() throws {
    let place = try Place()
    try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    let next = try place.authority.issue(
      CertificateRequest("server", .server, names: [.dns("localhost")], lifetime: .seconds(60)))
    // The certificate is there, and its key not yet.
    try place.write(next.certificatePEM, "server.pem")
    for _ in 0..<2 {
      let error = #expect(throws: TransportError.self) { try listener.reloadIfChanged() }
      #expect(error?.message.contains("does not belong to the certificate") == true)
      #expect(try visit(connector, listener) != nil)
    }
    try place.write(next.keyPEM, "server.key")
    #expect(try listener.reloadIfChanged())
    let (client, _) = try meet(place.connector(), listener)
    #expect(client.session.peer?.certificate == next.certificate)
  }

  @Test("whoever was revoked does not come back by its old session")
  func revokedMeanwhile() throws {
    let place = try Place()
    try place.server()
    let credentials = try place.client()
    try place.write(place.authority.revocationList([], lifetime: .seconds(60)), "crl.pem")
    let connector = try place.connector("client")
    let listener = try place.listener {
      $0.authorities = place.path("ca.pem")
      $0.revocations = place.path("crl.pem")
    }
    #expect(try visit(connector, listener) == false)
    #expect(try visit(connector, listener) == true)
    try place.write(
      place.authority.revocationList([credentials.certificate.serial], lifetime: .seconds(60)),
      "crl.pem")
    #expect(try listener.reloadIfChanged())
    let (client, server) = try meet(connector, listener)
    #expect(server.error?.code == .revoked && client.error?.alert == 44)
  }

  @Test("a connector that trusts others now asks anew who is there")
  func connectorReload() throws {
    let place = try Place()
    try place.server()
    let (connector, listener) = (try place.connector(), try place.listener())
    #expect(try visit(connector, listener) == false)
    let old = End(try connector.session(host: "localhost"))
    let raw = unsafe RawPeer(isServer: true) { context in
      unsafe place.configure(context, isServer: true)
    }
    pump(old, raw)
    let other = try Place()
    try place.write(other.authority.credentials().certificatePEM, "ca.pem")
    #expect(try connector.reloadIfChanged())
    // A connection of before is given another ticket, which is not used either.
    let server = try #require(try? ServerName("localhost"))
    #expect(unsafe SSL_new_session_ticket(raw.ssl) == 1)
    raw.outgoing = [1]
    pump(old, raw)
    #expect(old.received == [1] && connector.resumption.take(for: server) == nil)
    let (client, _) = try meet(connector, listener)
    #expect(client.error?.code == .unknownAuthority)
  }
}
