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

/// A program of PATH, with its input and what it has said.
private final class Program {
  private let process: pid_t
  private let input: Int32
  private let output: Int32
  private var text = ""

  init(_ arguments: [String]) throws {
    var (toIt, fromIt): ([Int32], [Int32]) = ([0, 0], [0, 0])
    guard unsafe pipe(&toIt) == 0, unsafe pipe(&fromIt) == 0 else { throw SystemCallError("pipe") }
    for end in [toIt[1], fromIt[0]] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(fromIt[0], F_SETFL, O_NONBLOCK)
    process = try start(arguments, input: toIt[0], output: fromIt[1])
    close(toIt[0])
    close(fromIt[1])
    (input, output) = (toIt[1], fromIt[0])
  }

  deinit {
    close(input)
    close(output)
  }

  func say(_ text: String) throws {
    guard unsafe write(input, text, text.utf8.count) == text.utf8.count else {
      throw SystemCallError("write")
    }
  }

  /// All that it has said so far.
  func heard() -> String {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe read(output, &buffer, buffer.count)
    if count > 0 { text += String(decoding: buffer.prefix(count), as: UTF8.self) }
    return text
  }

  /// Waits until it ends, which has to be a good end.
  func finish() throws {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw ToolFailure(status: status) }
  }

  func stop() {
    kill(process, SIGKILL)
    try? finish()
  }
}

/// A socket of this machine, closed when it goes.
private final class LocalSocket {
  private let descriptor: Int32

  private init(_ descriptor: Int32) throws {
    guard descriptor >= 0 else { throw SystemCallError("socket") }
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  private static func make() -> Int32 { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }

  private static func with(
    _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    return unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  convenience init(listeningAt path: String) throws {
    try self.init(Self.make())
    guard unsafe Self.with(path, { unsafe bind(descriptor, $0, $1) }) == 0,
      listen(descriptor, 4) == 0
    else {
      throw SystemCallError("bind")
    }
  }

  /// Waits until somebody listens.
  convenience init(connectingTo path: String) throws {
    try self.init(Self.make())
    try eventually("somebody listens") { [descriptor] in
      unsafe Self.with(path, { unsafe connect(descriptor, $0, $1) }) == 0
    }
  }

  func accept() throws -> LocalSocket { try LocalSocket(Glibc.accept(descriptor, nil, nil)) }

  /// Carries bytes until `condition`.
  func drive(_ end: End, until condition: () -> Bool) throws {
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    try eventually("the other side is done") {
      var buffer = [UInt8](repeating: 0, count: 16384)
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { #expect(end.take(buffer.prefix(count)) == count) }
      if count == 0 { end.end() }
      end.step()
      let bytes = end.give(65536)
      if !bytes.isEmpty {
        #expect(unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
      }
      return condition()
    }
  }
}
