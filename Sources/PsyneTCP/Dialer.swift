internal import CPsyne
internal import Glibc
internal import PsyneCore

/// Connects to a host by whichever of its addresses answers first (RFC 8305, "happy eyeballs"): one after
/// the other is tried, the next as soon as one has failed, or has not answered for a while.
enum Dialer {
  /// How long one address may keep the next one waiting.
  private static let head: Int64 = 250_000_000

  /// Blocks until there is a connection or `deadline` (monotonic nanoseconds) has passed.
  ///
  /// - Throws: ``TransportError/Code/notFound`` with what became of each address.
  static func dial(
    _ endpoint: Endpoint, _ options: TCPOptions, until deadline: Int64
  ) throws(TransportError) -> Socket {
    let addresses = alternating(try SocketAddress.resolve(endpoint, passive: false))
    var race = Race(options)
    defer { race.closeAll() }
    var next = 0
    while next < addresses.count || race.isRunning {
      let now = cpsyne_monotonic_ns()
      guard now < deadline else { break }
      if next < addresses.count {
        if let socket = race.start(addresses[next]) { return socket }
        next += 1
      }
      let limit = next < addresses.count ? min(deadline, now + head) : deadline
      if let socket = race.wait(until: limit) { return socket }
    }
    race.noteUnanswered()
    throw TransportError(
      .notFound,
      "nobody answers at \(endpoint): \(race.failures.joined(separator: "; "))",
      errno: race.lastError)
  }

  /// IPv6 and IPv4 in turn, so that one that does not work costs one attempt.
  private static func alternating(_ addresses: [SocketAddress]) -> [SocketAddress] {
    let first = addresses.filter { $0.family == addresses[0].family }
    let others = addresses.filter { $0.family != addresses[0].family }
    return (0..<max(first.count, others.count)).flatMap { index in
      [first, others].compactMap { index < $0.count ? $0[index] : nil }
    }
  }
}

/// Attempts that are under way at once.
private struct Race {
  private let options: TCPOptions
  private var attempts: [(socket: Socket, address: SocketAddress)] = []
  private(set) var failures: [String] = []
  private(set) var lastError: Int32?

  init(_ options: TCPOptions) { self.options = options }

  var isRunning: Bool { !attempts.isEmpty }

  mutating func closeAll() {
    for (socket, _) in attempts { socket.close() }
    attempts = []
  }

  mutating func noteUnanswered() {
    for (_, address) in attempts { failures.append("\(address.endpoint): no answer") }
    if failures.isEmpty { failures.append("no time was left to try") }
  }

  private mutating func note(_ address: SocketAddress, _ number: Int32) {
    lastError = number
    failures.append("\(address.endpoint): \(Errno.text(number))\(Errno.advice(number))")
  }

  /// The socket, if it is connected at once.
  mutating func start(_ address: SocketAddress) -> Socket? {
    do throws(TransportError) {
      let socket = try Socket.make(family: address.family)
      socket.prepare(options)
      if address.connect(socket) == 0 { return socket }
      if errno == EINPROGRESS {
        attempts.append((socket, address))
      } else {
        note(address, errno)
        socket.close()
      }
    } catch {
      note(address, error.errno ?? 0)
    }
    return nil
  }

  /// The first that is connected; nil when one has failed, or at `deadline`.
  mutating func wait(until deadline: Int64) -> Socket? {
    while !attempts.isEmpty {
      let left = (deadline - cpsyne_monotonic_ns() + 999_999) / 1_000_000
      guard left > 0 else { return nil }
      var polled = attempts.map {
        pollfd(fd: $0.socket.descriptor, events: Int16(POLLOUT), revents: 0)
      }
      let count = unsafe poll(&polled, nfds_t(polled.count), Int32(clamping: left))
      if count < 0, errno != EINTR {
        // There is no memory to wait with: none of them will be heard of.
        let number = errno
        for (_, address) in attempts { note(address, number) }
        closeAll()
        return nil
      }
      guard count > 0 else { continue }
      guard let index = polled.firstIndex(where: { $0.revents != 0 }) else { continue }
      let (socket, address) = attempts.remove(at: index)
      let failure = socket.pendingError
      if failure == 0 { return socket }
      note(address, failure)
      socket.close()
      return nil
    }
    return nil
  }
}
