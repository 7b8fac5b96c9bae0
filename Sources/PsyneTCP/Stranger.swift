internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// Somebody who has connected and not said hello yet: a socket, 128 bytes and a deadline.
final class Stranger: EngineClient, @unchecked Sendable {
  // Unchecked: guarded by the baton.
  private let socket: Socket
  private let stream: any ByteStream
  private let endpoint: Endpoint
  private let listener: TCPListener
  private let engine: Engine
  private let baton = Baton()
  private let tag = Atomic<UInt64>(0)
  private var hello = [UInt8](repeating: 0, count: Hello.bytes)
  private var count = 0
  private var isGone = false
  private let deadline: Int64

  init(
    _ socket: Socket, _ endpoint: Endpoint, _ listener: TCPListener, _ engine: Engine
  ) throws(TransportError) {
    self.socket = socket
    stream = try listener.streams.stream(over: socket)
    self.endpoint = endpoint
    self.listener = listener
    self.engine = engine
    deadline = cpsyne_monotonic_ns() + listener.options.helloTimeout.nanoseconds
  }

  func begin() {
    let own = engine.add(self)
    tag.store(own, ordering: .relaxed)
    do throws(TransportError) {
      try engine.watch(socket, for: own)
    } catch {
      // Nobody else has been told of it yet.
      retire()
      return turnAway(error.message)
    }
    engine.call(own, at: deadline)
    // What came before we watched.
    run(.read)
  }

  func isReady(_ event: cpsyne_event) -> Bool {
    run(.read)
    return false
  }

  func isDue(now: Int64) {
    // Noted, and not done here: whoever is at it does it. Before the deadline others have had their turn.
    run(now >= deadline ? .tick : .read)
  }

  private func run(_ work: Work) {
    _ = baton.run(work) { work in
      if !isGone, work.contains(.read) { read() }
      if !isGone, work.contains(.tick) {
        retire()
        turnAway("has not said hello within \(listener.options.helloTimeout.spelled)")
      }
      return true
    }
  }

  private func read() {
    while true {
      let got = unsafe hello.withUnsafeMutableBytes { buffer in
        unsafe stream.receive(
          UnsafeMutableRawBufferPointer(rebasing: buffer[count...]),
          UnsafeMutableRawBufferPointer(start: nil, count: 0))
      }
      if got < 0 {
        if errno == EINTR { return engine.callSoon(tag.load(ordering: .relaxed)) }
        if let failure = stream.failure {
          // What is on its way says why.
          stream.finishSending()
          if failure.code == .truncated { return hasLeft(failure.message) }
          retire()
          turnAway(failure.message)
        } else if errno != EAGAIN, errno != EWOULDBLOCK {
          hasLeft(Errno.text(errno))
        }
        return
      }
      if got == 0 {
        return hasLeft(count == 0 ? nil : "\(count) of its \(Hello.bytes) bytes had come")
      }
      count += got
      if greet() { return }
    }
  }

  /// True when the hello is there, or cannot become one, and is dealt with.
  private func greet() -> Bool {
    do throws(LinkError) {
      guard let decoded = try Hello(of: hello.span.extracting(first: count)) else { return false }
      retire()
      try listener.greet(socket, stream, decoded, from: endpoint)
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
        _ = unsafe stream.sendAll(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      _ = stream.flush()
      stream.finishSending()
    }
    turnAway(error.message)
  }

  /// Nobody has turned it away.
  ///
  /// - Parameter reason: nil for one that has merely looked whether somebody listens, which is not told.
  private func hasLeft(_ reason: String?) {
    retire()
    part(reason.map { "left before it had said hello: \($0)" })
  }

  /// Hears nothing more of the socket.
  private func retire() {
    guard !isGone else { return }
    isGone = true
    engine.unwatch(socket)
    engine.remove(tag.load(ordering: .relaxed))
  }

  private func turnAway(_ reason: String) { part("was turned away: \(reason)") }

  private func part(_ what: String?) {
    socket.close()
    listener.forgetStranger(from: endpoint.host)
    if let what { Refusals.report("\(endpoint) \(what)", engine) }
  }
}
