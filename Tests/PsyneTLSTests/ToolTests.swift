import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

/// OpenSSL's own programs at the other end of a socket.
@Suite("OpenSSL's programs", .serialized)
struct ToolTests {
  @Test(
    "s_client speaks with a listener of ours, and is verified by it", arguments: ["1_3", "1_2"])
  func client(_ version: String) throws {
    let place = try Place()
    try place.server()
    try place.client()
    let listener = try place.listener {
      $0.authorities = place.path("ca.pem")
      $0.minimumVersion = .tls12
    }
    let door = try LocalSocket(listeningAt: place.path("door"))
    let program = try Program([
      "openssl", "s_client", "-unix", place.path("door"), "-alpn", "psyne/1", "-tls\(version)",
      "-CAfile", place.path("ca.pem"), "-verify_return_error", "-verify_hostname", "localhost",
      "-servername", "localhost", "-cert", place.path("client.pem"), "-key",
      place.path("client.key"), "-quiet",
    ])
    let socket = try door.accept()
    let server = End(try listener.session())
    try program.say("hello from outside\n")
    try socket.drive(server) { server.received.count == 19 }
    #expect(server.hasReceived(Array("hello from outside\n".utf8)))
    #expect(server.session.peer?.certificate?.commonName == "client")
    #expect(server.session.peer?.serverName == "localhost")
    server.outgoing = Array("hello from inside\n".utf8)[...]
    try socket.drive(server) { program.heard().contains("hello from inside\n") }
    server.session.finish()
    try socket.drive(server) { server.hasEnded || server.error != nil }
    #expect(server.error == nil)
    try program.finish()
  }

  @Test("s_server speaks with a connector of ours", arguments: ["1_3", "1_2"])
  func server(_ version: String) throws {
    let place = try Place()
    try place.server()
    // It takes paths of 31 bytes at most.
    let door = "/dev/shm/p\(getpid()).\(version)"
    defer { unsafe unlink(door) }
    let program = try Program([
      "openssl", "s_server", "-unix", door, "-alpn", "psyne/1", "-tls\(version)",
      "-cert", place.path("server.pem"), "-key", place.path("server.key"), "-rev", "-naccept", "1",
    ])
    let socket = try LocalSocket(connectingTo: door)
    let client = End(
      try place.connector { $0.minimumVersion = .tls12 }.session(host: "localhost"))
    client.outgoing = Array("abc\n".utf8)[...]
    try socket.drive(client) { client.received.count == 4 }
    #expect(client.hasReceived(Array("cba\n".utf8)))
    client.session.finish()
    try socket.drive(client) { client.hasEnded || client.error != nil }
    program.stop()
  }

  @Test("s_client without our protocol hears why it is not served")
  func stranger() throws {
    let place = try Place()
    try place.server()
    let door = try LocalSocket(listeningAt: place.path("door"))
    let program = try Program([
      "openssl", "s_client", "-unix", place.path("door"), "-CAfile", place.path("ca.pem"),
    ])
    let socket = try door.accept()
    let server = End(try place.listener().session())
    try socket.drive(server) { server.error != nil }
    #expect(server.error?.code == .wrongProtocol)
    try eventually("it was told") {
      program.heard().contains("alert no application protocol")
    }
    program.stop()
  }
}
