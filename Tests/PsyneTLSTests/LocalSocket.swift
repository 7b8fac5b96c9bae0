import Glibc
import TestSupport
import Testing

/// A socket of this machine, closed when it goes.
final class LocalSocket {
  private let descriptor: Int32
  private var unsent: ArraySlice<UInt8> = []

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

  /// Connects over TCP.
  convenience init(port: UInt16) throws { try self.init(CuttingProxy.connect(port)) }

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
      if unsent.isEmpty { unsent = end.give(65536)[...] }
      let sent = unsafe unsent.withUnsafeBytes { bytes in
        unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      unsent = unsent.dropFirst(max(0, sent))
      return condition()
    }
  }

  /// Sends bytes as they are.
  func say(_ bytes: [UInt8]) throws {
    guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw SystemCallError("send")
    }
  }

  /// Has the system break the connection off when this goes.
  func breakOff() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
  }
}
