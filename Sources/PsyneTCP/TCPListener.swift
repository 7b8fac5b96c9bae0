internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// Where others connect over TCP.
final class TCPListener: ListeningPlace, Sendable {
  let address: String
  let terms: LinkTerms
  let options: TCPOptions
  let engines: Engines
  private let placement: LanePlacement
  private let accept: @Sendable (Carrier) throws(TransportError) -> Void
  private let doors: Mutex<[Door]>
  private let sessions = Mutex(Sessions())

  private struct Sessions {
    var connections: [LinkID: TCPConnection] = [:]
    /// Connections and strangers, by the host they come from.
    var byHost: [String: Int] = [:]
    var strangers = 0
    var isClosed = false
  }

  /// Strangers that have not said hello yet are this many at most.
  private static let mostStrangers = 256

  init(
    _ endpoint: Endpoint, _ terms: LinkTerms, _ options: TCPOptions, _ placement: LanePlacement,
    _ engines: Engines, _ accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) {
    self.terms = terms
    self.options = options
    self.engines = engines
    self.placement = placement
    self.accept = accept
    let sockets = try Self.listen(endpoint, options)
    let port = SocketAddress(of: sockets[0])?.endpoint.port ?? endpoint.port
    address = "tcp://\(Endpoint(host: endpoint.host, port: port))"
    doors = Mutex([])
    let opened = try sockets.map { socket throws(TransportError) in
      try Door(socket, self, engines.next())
    }
    doors.withLock { $0 = opened }
    for door in opened { try door.open() }
  }

  /// Sockets at every address of the host, all with one port.
  private static func listen(
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
    let open = doors.withLock { doors in
      defer { doors = [] }
      return doors
    }
    for door in open { door.close() }
    sessions.withLock { $0.isClosed = true }
  }
}

// MARK: Strangers

extension TCPListener {
  /// Somebody has connected. False if that is one too many, who is turned away without a word.
  func admit(from host: String) -> Bool {
    sessions.withLock { sessions in
      guard sessions.strangers < Self.mostStrangers,
        sessions.byHost[host, default: 0] < options.connectionsPerAddress
      else { return false }
      sessions.strangers += 1
      sessions.byHost[host, default: 0] += 1
      return true
    }
  }

  func forget(host: String, isStranger: Bool) {
    sessions.withLock { sessions in
      if isStranger { sessions.strangers -= 1 }
      let left = sessions.byHost[host, default: 1] - 1
      sessions.byHost[host] = left > 0 ? left : nil
    }
  }

  /// A stranger has said hello: it goes on with its session, or begins one.
  ///
  /// - Throws: why it is turned away.
  func greet(_ socket: Socket, _ hello: Hello, from endpoint: Endpoint) throws(LinkError) {
    guard hello.role == .connector else {
      throw LinkError(.malformed, "both sides listen: one has to connect")
    }
    try hello.check(against: terms)
    let known = sessions.withLock { $0.connections[hello.session] }
    if let known {
      forget(host: endpoint.host, isStranger: true)
      return known.adopt(socket, hello)
    }
    let connection: TCPConnection
    do throws(TransportError) {
      connection = try begin(hello, endpoint)
    } catch {
      throw LinkError(.other, error.message)
    }
    let isRoom = sessions.withLock { sessions in
      guard !sessions.isClosed, sessions.connections.count < options.connections else {
        return false
      }
      sessions.strangers -= 1
      sessions.connections[hello.session] = connection
      return true
    }
    guard isRoom else {
      connection.abandon()
      throw LinkError(
        .full, "the listener has its \(options.connections) connections: try again later")
    }
    do throws(TransportError) {
      try accept(connection)
    } catch {
      // Whoever turns the stranger away forgets it; its connection must not do so as well.
      sessions.withLock { sessions in
        if sessions.connections.removeValue(forKey: hello.session) != nil {
          sessions.strangers += 1
        }
      }
      connection.abandon()
      throw LinkError(.leaving, "the listener takes nobody any more: \(error.message)")
    }
    connection.adopt(socket, hello)
  }

  private func begin(
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
      link, lanes, peer: "\(endpoint)", target: nil, options, try engines.next(),
      redeliveredUpTo: hello.incarnation == .none ? 0 : hello.positions.sent
    ) { [weak self] connection in
      self?.ended(hello.session, endpoint.host)
    }
  }

  private func ended(_ session: LinkID, _ host: String) {
    let wasKnown = sessions.withLock { $0.connections.removeValue(forKey: session) != nil }
    if wasKnown { forget(host: host, isStranger: false) }
  }
}
