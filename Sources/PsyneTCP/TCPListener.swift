internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// Where others connect over TCP.
final class TCPListener: ListeningPlace, Sendable {
  let address: String
  let terms: LinkTerms
  let options: TCPOptions
  let streams: Streams
  let engines: Engines
  /// That of its doors and strangers.
  private let engine: Engine
  private let placement: LanePlacement
  private let accept: @Sendable (Carrier) throws(TransportError) -> Void
  private let doors: Mutex<[Door]>
  private let guests: Mutex<Guests>

  init(
    _ endpoint: Endpoint, scheme: String, _ terms: LinkTerms, _ options: TCPOptions,
    _ streams: Streams, _ placement: LanePlacement, _ engines: Engines,
    _ accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) {
    self.terms = terms
    self.options = options
    self.streams = streams
    self.engines = engines
    self.placement = placement
    self.accept = accept
    // Handshakes cost much, and nobody knows of whom: those who are connected are spared them.
    engine = try streams.maker == nil ? engines.next() : engines.entrance()
    guests = Mutex(Guests(options))
    let sockets = try Self.listen(endpoint, options)
    let port = SocketAddress(of: sockets[0])?.endpoint.port ?? endpoint.port
    address = "\(scheme)://\(Endpoint(host: endpoint.host, port: port))"
    doors = Mutex([])
    let shut = sockets.map { Door($0, self, engine) }
    doors.withLock { $0 = shut }
    do throws(TransportError) {
      for door in shut { try door.open() }
    } catch {
      close()
      throw error
    }
  }

  /// Sockets at every address of the host, all with one port.
  static func listen(
    _ endpoint: Endpoint, _ options: TCPOptions
  ) throws(TransportError) -> [Socket] {
    var sockets: [Socket] = []
    var port = endpoint.port
    do throws(TransportError) {
      for address in try SocketAddress.resolve(endpoint, passive: true) {
        let address = port == endpoint.port ? address : address.with(port: port)
        let socket = try Socket.make(family: address.family)
        sockets.append(socket)
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if address.family == AF_INET6 {
          // `[::]` takes IPv4 as well; an address of its own takes what it is.
          socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, endpoint.host == "::" ? 0 : 1)
        }
        socket.prepare(options)
        guard address.bind(socket) == 0, Glibc.listen(socket.descriptor, 1024) == 0 else {
          throw failure(endpoint, errno)
        }
        port = SocketAddress(of: socket)?.endpoint.port ?? port
      }
    } catch {
      for socket in sockets { socket.close() }
      throw error
    }
    guard !sockets.isEmpty else {
      throw TransportError(.unknownHost, "the host '\(endpoint.host)' has no address to listen at")
    }
    return sockets
  }

  private static func failure(_ endpoint: Endpoint, _ number: Int32) -> TransportError {
    let advice =
      switch number {
      case EADDRINUSE: ": another program listens there; take another port, or 0 for a free one"
      case EADDRNOTAVAIL: ": this machine has no such address; 0.0.0.0 or [::] are all it has"
      case EACCES: ": ports below 1024 are the system's; take a higher one"
      default: Errno.advice(number)
      }
    return TransportError(
      number == EADDRINUSE ? .inUse : .system,
      "cannot listen at \(endpoint): \(Errno.text(number))\(advice)", errno: number)
  }

  func close() {
    guests.withLock { $0.isClosed = true }
    let open = doors.withLock { doors in
      defer { doors = [] }
      return doors
    }
    for door in open { door.close() }
  }
}

// MARK: Strangers

extension TCPListener {
  /// Strangers that have not said hello, and sessions.
  var guestCounts: (strangers: Int, sessions: Int) {
    guests.withLock { ($0.strangerCount, $0.sessionCount) }
  }

  /// Somebody has connected. False if that is one too many, who is turned away without a word.
  func admit(from host: String) -> Bool { guests.withLock { $0.admit(from: host) } }

  func forgetStranger(from host: String) { guests.withLock { $0.forgetStranger(from: host) } }

  /// A stranger has said hello: it goes on with its session, or begins one.
  ///
  /// - Throws: why it is turned away.
  func greet(
    _ socket: Socket, _ stream: any ByteStream, _ hello: Hello, from endpoint: Endpoint
  ) throws(LinkError) {
    guard hello.role == .connector else {
      throw LinkError(.malformed, "both sides listen: one has to connect")
    }
    try hello.check(against: terms)
    let reservation = try guests.withLock { guests throws(LinkError) in
      try guests.reserve(hello.session, from: endpoint.host)
    }
    switch reservation {
    case .known(let connection):
      guard connection.identity?.isSame(as: stream.identity) ?? true else {
        Refusals.report(
          "\(endpoint) was turned away: the session that it names is somebody else's", engine)
        return socket.close()
      }
      connection.adopt(socket, stream, hello)
    // Whoever connects twice at once connects again.
    case .late: socket.close()
    case .granted: try begin(socket, stream, hello, endpoint)
    }
  }

  private func begin(
    _ socket: Socket, _ stream: any ByteStream, _ hello: Hello, _ endpoint: Endpoint
  ) throws(LinkError) {
    let connection: TCPConnection
    do throws(TransportError) {
      connection = try makeConnection(hello, endpoint)
    } catch {
      guests.withLock { $0.release(hello.session, from: endpoint.host) }
      throw LinkError(.other, error.message)
    }
    do throws(TransportError) {
      try accept(connection)
    } catch {
      guests.withLock { $0.release(hello.session, from: endpoint.host) }
      connection.abandon()
      throw LinkError(.leaving, "the listener takes nobody any more: \(error.message)")
    }
    // Not before: whoever is told of its events has it now.
    guests.withLock { $0.seat(connection, hello.session) }
    // It may have been abandoned meanwhile, when it had no seat to lose.
    if connection.hasEnded.isSet { ended(connection, hello.session, endpoint.host) }
    connection.adopt(socket, stream, hello)
  }

  private func makeConnection(
    _ hello: Hello, _ endpoint: Endpoint
  ) throws(TransportError) -> TCPConnection {
    let lanes = try TCPLanes(terms.format, capacity: terms.capacity, placement)
    // Who was connected to one before us goes on where that one was.
    if hello.incarnation != .none {
      lanes.inbound.begin(at: hello.positions.held)
      lanes.outbound.begin(at: hello.positions.whole)
    }
    let link = try Link(
      .listener, terms, session: hello.session, incarnation: .random(), inbound: lanes.inbound,
      outbound: lanes.outbound)
    return TCPConnection(
      link, lanes, peer: "\(endpoint)", target: nil, options, streams, try engines.next(),
      redeliveredUpTo: hello.incarnation == .none ? 0 : hello.positions.sent
    ) { [weak self] connection in
      self?.ended(connection, hello.session, endpoint.host)
    }
  }

  private func ended(_ connection: TCPConnection, _ session: LinkID, _ host: String) {
    guests.withLock { $0.remove(connection, session, from: host) }
  }
}
