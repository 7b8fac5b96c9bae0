internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// A listening socket: lets strangers in as they come.
final class Door: EngineClient, Sendable {
  /// Nil when it is closed. Whoever accepts holds the lock, so that the number is not that of another
  /// file meanwhile.
  private let socket: Mutex<Socket?>
  private let engine: Engine
  private weak let listener: TCPListener?
  private let tag = Atomic<UInt64>(0)

  /// So many come in at a time, so that a crowd does not keep the engine from its connections.
  static let crowd = 64
  /// So much later it is tried again where nobody can come in.
  private static let pause: Int64 = 100_000_000

  init(_ socket: Socket, _ listener: TCPListener, _ engine: Engine) {
    self.socket = Mutex(socket)
    self.listener = listener
    self.engine = engine
  }

  func open() throws(TransportError) {
    let own = engine.add(self)
    tag.store(own, ordering: .relaxed)
    try socket.withLock { socket throws(TransportError) in
      if let socket { try engine.watch(socket, for: own) }
    }
    // Whoever came before we watched.
    acceptSome()
  }

  /// The port is free when this returns.
  func close() {
    let isOurs = socket.withLock { socket in
      guard let open = socket.take() else { return false }
      engine.unwatch(open)
      open.close()
      return true
    }
    if isOurs { engine.remove(tag.load(ordering: .relaxed)) }
  }

  func isReady(_ event: cpsyne_event) -> Bool {
    acceptSome()
    return false
  }

  func isDue(now: Int64) { acceptSome() }

  private func acceptSome() {
    guard let listener else { return close() }
    for _ in 0..<Self.crowd {
      switch accept() {
      case .stranger(let socket): letIn(socket, listener)
      case .gone: continue
      case .nobody: return
      case .failed(let number):
        // It stays in the queue; it is not told again that it is there.
        Refusals.reportDoor(
          "nobody can connect to \(listener.address) now: \(Errno.text(number))\(Errno.advice(number))",
          engine)
        return engine.call(
          tag.load(ordering: .relaxed), at: cpsyne_monotonic_ns() + Self.pause)
      }
    }
    // It is not told again of those that wait.
    engine.callSoon(tag.load(ordering: .relaxed))
  }

  private func accept() -> Arrival {
    socket.withLock { socket in
      guard let socket else { return .nobody }
      return socket.accept().map { .stranger($0) } ?? Arrival(without: errno)
    }
  }

  private func letIn(_ stranger: Socket, _ listener: TCPListener) {
    let endpoint = SocketAddress(peerOf: stranger)?.endpoint ?? Endpoint(host: "unknown", port: 0)
    guard listener.admit(from: endpoint.host) else {
      stranger.close()
      return Refusals.report(
        "\(endpoint) was turned away: too many connections are under way", engine)
    }
    do throws(TransportError) {
      try Stranger(stranger, endpoint, listener, engine).begin()
    } catch {
      stranger.close()
      listener.forgetStranger(from: endpoint.host)
      Refusals.report("\(endpoint) was turned away: \(error.message)", engine)
    }
  }
}

/// What there is at a listening socket.
enum Arrival {
  case stranger(Socket)
  /// One that has left again, or that the network has lost: there may be others behind it.
  case gone
  case nobody
  /// Nobody can be let in now.
  case failed(Int32)

  /// - Parameter number: what `accept` has failed with.
  init(without number: Int32) {
    self =
      switch number {
      case EAGAIN, EWOULDBLOCK: .nobody
      case EINTR, ECONNABORTED: .gone
      // The new connection's errors, which are told here.
      case ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH,
        ETIMEDOUT, ECONNRESET, EPERM:
        .gone
      // EMFILE, ENFILE, ENOBUFS and ENOMEM, until somebody has closed something; and what is not known.
      default: .failed(number)
      }
  }
}
