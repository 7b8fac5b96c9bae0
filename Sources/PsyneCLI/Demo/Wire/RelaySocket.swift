internal import Glibc
internal import SystemPackage

/// A TCP socket of the relay, closed with the last reference to it.
final class RelaySocket: Sendable {
  struct Arrival {
    let count: Int
    /// Whether it was there when it was asked for.
    let wasReady: Bool
  }

  private let descriptor: Int32

  /// Bytes that wait before the wire; the system takes twice as many.
  private static let queue: Int32 = 64 << 10

  private init() throws(Failure) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw Self.failure("make a socket") }
    set(SOL_SOCKET, SO_RCVBUF, Self.queue)
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  private init(accepted descriptor: Int32) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  deinit { close(descriptor) }

  static func listening() throws(Failure) -> RelaySocket {
    let socket = try RelaySocket()
    guard unsafe socket.withAddress(port: 0, { unsafe bind(socket.descriptor, $0, $1) }) == 0,
      listen(socket.descriptor, 8) == 0
    else { throw failure("listen at 127.0.0.1") }
    return socket
  }

  /// Nil if nobody listens there.
  static func connected(to port: UInt16) -> RelaySocket? {
    guard let socket = try? RelaySocket(),
      unsafe socket.withAddress(port: port, { unsafe connect(socket.descriptor, $0, $1) }) == 0
    else { return nil }
    return socket
  }

  /// Nil when it is shut.
  func accept() -> RelaySocket? {
    while true {
      let accepted = Glibc.accept(descriptor, nil, nil)
      if accepted >= 0 { return RelaySocket(accepted: accepted) }
      guard errno == EINTR || errno == ECONNABORTED else { return nil }
    }
  }

  /// The port that it is bound to.
  var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe bytes.withMemoryRebound(to: sockaddr.self) {
        unsafe getsockname(descriptor, $0.baseAddress, &length)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Waits for something. Nil at the end, and if the connection is broken.
  func read(into piece: inout [UInt8]) -> Arrival? {
    for (flags, wasReady) in [(Int32(MSG_DONTWAIT), true), (0, false)] {
      while true {
        let count = unsafe recv(descriptor, &piece, piece.count, flags)
        if count > 0 { return Arrival(count: count, wasReady: wasReady) }
        if count < 0, errno == EINTR { continue }
        guard count < 0, errno == EAGAIN, wasReady else { return nil }
        break
      }
    }
    return nil
  }

  /// Writes all of it; false if the connection is broken.
  func write(_ piece: [UInt8], count: Int) -> Bool {
    var written = 0
    while written < count {
      let result = unsafe piece.withUnsafeBytes { bytes in
        unsafe send(
          descriptor, bytes.baseAddress?.advanced(by: written), count - written,
          Int32(MSG_NOSIGNAL))
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { return false }
      written += result
    }
    return true
  }

  /// Says that nothing comes any more.
  func end() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends both ways, and whoever waits for it.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  private func set(_ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    _ = unsafe setsockopt(
      descriptor, level, name, &value, socklen_t(MemoryLayout.size(ofValue: value)))
  }

  private func withAddress(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func failure(_ action: String) -> Failure {
    Failure(
      .failure, "the wire cannot \(action): \(SystemPackage.Errno(rawValue: errno))")
  }
}
