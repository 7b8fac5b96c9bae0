internal import CPsyne
internal import Glibc
package import PsyneCore

/// A TCP socket that does not block. Whoever has it last closes it.
package struct Socket: Sendable {
  private let number: Int32
  private let generation = cpsyne_fork_generation()

  private init(_ number: Int32) { self.number = number }

  /// None, -1, in a child made by fork since: there the number is another file's.
  package var descriptor: Int32 { cpsyne_fork_generation() == generation ? number : -1 }

  static func make(family: Int32) throws(TransportError) -> Socket {
    let descriptor = cpsyne_tcp_socket(family)
    guard descriptor >= 0 else { throw failure("a socket cannot be made") }
    return Socket(descriptor)
  }

  package func close() { cpsyne_close(number, generation) }

  package static func failure(_ what: String, _ number: Int32 = errno) -> TransportError {
    TransportError(
      .system, "\(what): \(Errno.text(number))\(Errno.advice(number))", errno: number)
  }

  /// The next connection of a listening socket; nil and `errno` if there is none.
  package func accept() -> Socket? {
    let descriptor = cpsyne_accept(self.descriptor)
    return descriptor >= 0 ? Socket(descriptor) : nil
  }

  /// Bytes that the system has taken and not sent yet.
  package var unsentBytes: Int { Int(cpsyne_unsent(descriptor)) }

  /// Nothing more will be sent; what the other side sends is still read.
  package func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }
}

// MARK: Options

extension Socket {
  func set(_ level: Int32, _ option: Int32, _ value: Int) {
    var value = Int32(clamping: value)
    // A hint to the system, which puts into bounds what it does not like.
    _ = unsafe setsockopt(
      descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Before it connects or listens: the window's scale follows from the receive buffer.
  func prepare(_ options: TCPOptions) {
    if let bytes = options.sendBuffer?.bytes { set(SOL_SOCKET, SO_SNDBUF, bytes) }
    if let bytes = options.receiveBuffer?.bytes { set(SOL_SOCKET, SO_RCVBUF, bytes) }
  }

  /// When it is connected.
  func tune(_ options: TCPOptions) {
    let tcp = Int32(IPPROTO_TCP)
    set(tcp, TCP_NODELAY, options.noDelay ? 1 : 0)
    if let bytes = options.notSentLowWater?.bytes { set(tcp, TCP_NOTSENT_LOWAT, bytes) }
    let timeout = options.userTimeout ?? options.keepAlive * 3
    set(tcp, TCP_USER_TIMEOUT, Int(timeout.nanoseconds / 1_000_000))
  }

  /// What has become of an attempt to connect: 0 if it succeeded.
  var pendingError: Int32 {
    var number: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
    return number
  }
}

// MARK: Bytes

extension Socket {
  /// How many of the bytes the system took; negative, and `errno`, for none.
  package func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    unsafe withParts(
      UnsafeMutableRawBufferPointer(mutating: head), UnsafeMutableRawBufferPointer(mutating: body)
    ) { message in unsafe sendmsg(descriptor, message, Int32(MSG_NOSIGNAL)) }
  }

  /// How many bytes came; 0 at the end of the stream, negative and `errno` for none.
  package func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int {
    unsafe withParts(first, second) { message in unsafe recvmsg(descriptor, message, 0) }
  }

  private func withParts(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer,
    _ call: (UnsafeMutablePointer<msghdr>) -> Int
  ) -> Int {
    var parts = unsafe (
      iovec(iov_base: first.baseAddress, iov_len: first.count),
      iovec(iov_base: second.baseAddress, iov_len: second.count)
    )
    return unsafe withUnsafeMutableBytes(of: &parts) { bytes in
      var message = unsafe msghdr()
      unsafe message.msg_iov = bytes.baseAddress?.assumingMemoryBound(to: iovec.self)
      unsafe message.msg_iovlen = 2
      return unsafe call(&message)
    }
  }
}
