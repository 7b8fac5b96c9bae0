internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// A listening socket: lets strangers in as they come.
final class Door: EngineClient, Sendable {
  private let socket: Socket
  private let engine: Engine
  private weak let listener: TCPListener?
  private let tag = Atomic<UInt64>(0)
  private let isOpen = Atomic<Bool>(true)

  init(_ socket: Socket, _ listener: TCPListener, _ engine: Engine) throws(TransportError) {
    self.socket = socket
    self.listener = listener
    self.engine = engine
  }

  func open() throws(TransportError) {
    tag.store(engine.add(self), ordering: .relaxed)
    try engine.watch(socket, for: tag.load(ordering: .relaxed))
    // Whoever came before we watched.
    acceptAll()
  }

  func close() {
    guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
    engine.unwatch(socket)
    engine.remove(tag.load(ordering: .relaxed))
    socket.close()
  }

  func isReady(_ event: cpsyne_event) { acceptAll() }

  func isDue(now: Int64) {
    acceptAll()
  }

  private func acceptAll() {
    while isOpen.load(ordering: .acquiring), let listener {
      guard let stranger = socket.accept() else {
        switch errno {
        case EINTR, ECONNABORTED, EPROTO: continue
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
          // It stays in the queue; it is not told again that it is there.
          Diagnostics.report(
            Diagnostic(
              .refused, "nobody can connect now: \(Errno.text(errno))\(Errno.advice(errno))"))
          engine.call(tag.load(ordering: .relaxed), at: cpsyne_monotonic_ns() + 100_000_000)
          return
        default: return
        }
      }
      let endpoint = SocketAddress(peerOf: stranger)?.endpoint ?? Endpoint(host: "unknown", port: 0)
      guard listener.admit(from: endpoint.host) else {
        stranger.close()
        Refusals.report("\(endpoint) was turned away: too many connections are under way")
        continue
      }
      Stranger(stranger, endpoint, listener, engine).begin()
    }
  }
}

/// Somebody who has connected and not said hello yet: a socket, 128 bytes and a deadline.
final class Stranger: EngineClient, @unchecked Sendable {
  // Unchecked: guarded by the baton.
  private let socket: Socket
  private let endpoint: Endpoint
  private let listener: TCPListener
  private let engine: Engine
  private let baton = Baton()
  private let tag = Atomic<UInt64>(0)
  private var hello = [UInt8](repeating: 0, count: Hello.bytes)
  private var count = 0
  private var isGone = false
  private let deadline: Int64

  init(_ socket: Socket, _ endpoint: Endpoint, _ listener: TCPListener, _ engine: Engine) {
    self.socket = socket
    self.endpoint = endpoint
    self.listener = listener
    self.engine = engine
    deadline = cpsyne_monotonic_ns() + listener.options.helloTimeout.nanoseconds
  }

  func begin() {
    tag.store(engine.add(self), ordering: .relaxed)
    engine.call(tag.load(ordering: .relaxed), at: deadline)
    do throws(TransportError) {
      try engine.watch(socket, for: tag.load(ordering: .relaxed))
    } catch {
      return run { leave(error.message) }
    }
    // What came before we watched.
    run(read)
  }

  func isReady(_ event: cpsyne_event) { run(read) }

  func isDue(now: Int64) {
    run {
      if now >= deadline {
        leave("has not said hello within \(listener.options.helloTimeout.spelled)")
      }
    }
  }

  private func run(_ body: () -> Void) {
    _ = baton.run(.read) { _ in
      if !isGone { body() }
      return true
    }
  }

  private func read() {
    while true {
      let got = unsafe hello.withUnsafeMutableBytes { buffer in
        unsafe socket.receive(
          UnsafeMutableRawBufferPointer(rebasing: buffer[count...]),
          UnsafeMutableRawBufferPointer(start: nil, count: 0))
      }
      if got < 0 {
        if errno == EINTR { continue }
        if errno != EAGAIN, errno != EWOULDBLOCK { leave(Errno.text(errno)) }
        return
      }
      if got == 0 { return leave(count == 0 ? nil : "left in the middle of its hello") }
      count += got
      if greet() { return }
    }
  }

  /// True when the hello is there, or cannot become one, and is dealt with.
  private func greet() -> Bool {
    do throws(LinkError) {
      guard let decoded = try Hello(of: hello.span.extracting(first: count)) else { return false }
      retire()
      try listener.greet(socket, decoded, from: endpoint)
    } catch {
      retire()
      refuse(error)
    }
    return true
  }

  /// Tells somebody why it cannot stay, if it may understand that.
  private func refuse(_ error: LinkError) {
    if let answer = Link.refusal(of: hello.span.extracting(first: count), listener.terms, error) {
      unsafe answer.withUnsafeBytes { bytes in
        // It fits into the empty buffer of a socket.
        _ = unsafe socket.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      socket.finishSending()
    }
    turnAway(error.message)
  }

  /// Somebody who is gone, or has not said hello in time.
  private func leave(_ reason: String?) {
    retire()
    turnAway(reason)
  }

  /// Hears nothing more of the socket.
  private func retire() {
    guard !isGone else { return }
    isGone = true
    engine.unwatch(socket)
    engine.remove(tag.load(ordering: .relaxed))
  }

  private func turnAway(_ reason: String?) {
    socket.close()
    listener.forget(host: endpoint.host, isStranger: true)
    if let reason { Refusals.report("\(endpoint) was turned away: \(reason)") }
  }
}

/// Tells of those that were turned away, so seldom that nobody can fill a log by being so.
enum Refusals {
  private static let state = Mutex<(until: Int64, untold: Int)>((0, 0))

  static func report(_ message: String) {
    let untold = state.withLock { state -> Int? in
      let now = cpsyne_monotonic_ns()
      guard now >= state.until else {
        state.untold += 1
        return nil
      }
      defer { state = (now + 1_000_000_000, 0) }
      return state.untold
    }
    guard let untold else { return }
    Diagnostics.report(
      Diagnostic(.refused, untold == 0 ? message : "\(message) (and \(untold) before it)"))
  }
}
