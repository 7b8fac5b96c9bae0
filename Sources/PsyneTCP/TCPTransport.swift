internal import CPsyne
public import PsyneCore

/// `tcp://host:port`: connections between hosts, which lose nothing when they break.
///
/// ```swift
/// let registry = TransportRegistry([TCPTransport()])
/// let server = try Server<FloatVector>("tcp://0.0.0.0:9999", registry: registry)
/// ```
///
/// Its threads start with the first connection or listener, have the program's signals blocked, and end
/// with the process: make one transport, and copy it. A process that ends normally closes its connections
/// in order, and waits for what was sent for as long as ``TCPOptions/linger`` says. A child made by `fork`
/// has none of its parent's connections, and threads of its own when it listens or connects.
///
/// - Important: Nothing is encrypted and nobody is asked who it is: whoever reaches the port can connect.
public struct TCPTransport: Transport {
  private var base = "tcp"
  private let options: TCPOptions
  private let engines: Engines
  private var codec: (any BlockCodec)?
  private var maker: (any StreamMaker)?

  /// - Parameters:
  ///   - options: for what an address does not say. They are checked when one is used.
  ///   - engines: how many threads wait for sockets; connections are shared out among them. One carries
  ///     several gigabytes a second.
  /// - Precondition: `engines` is at least 1.
  public init(options: TCPOptions = TCPOptions(), engines: Int = 1) {
    precondition(engines >= 1, "somebody has to wait for the sockets")
    self.options = options
    self.engines = Engines(engines)
  }

  /// `tcp`, with the codec's name in front: `lz4+tcp`.
  public var scheme: String { codec.map { "\($0.name)+\(base)" } ?? base }

  /// The same over bytes that a codec has made fewer, for addresses such as `lz4+tcp://`. Both sides have to
  /// name it. The threads are shared.
  public func encoded(by codec: any BlockCodec) -> TCPTransport {
    var copy = self
    copy.codec = codec
    return copy
  }

  /// The same over streams that something else makes of sockets.
  package func over(_ maker: any StreamMaker, scheme: String) -> TCPTransport {
    var copy = self
    (copy.maker, copy.base) = (maker, scheme)
    return copy
  }

  public var optionNames: [String] {
    ["capacity", "wait", "full", "hugepages", "numa", "connecttimeout"] + TCPOptions.names
      + (codec?.optionNames ?? []) + (maker?.optionNames ?? [])
  }

  /// What connections at an address have between their links and their sockets.
  private func streams(
    _ address: ChannelAddress, _ endpoint: Endpoint, listens: Bool
  ) throws(TransportError) -> Streams {
    Streams(
      codec: try codec?.merging(address),
      maker: try maker?.merging(address, host: endpoint.host, listens: listens))
  }

  /// 1 MiB: the lanes of both sides stay in the caches of their cores, which is worth a factor of two
  /// nearby. Over long distances the capacity divided by the round-trip time bounds the throughput.
  public static let defaultCapacity: ByteCount = .mebibytes(1)

  /// There are no channels between hosts.
  ///
  /// - Throws: ``TransportError/Code/invalidAddress``, always.
  public func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    throw TransportError(
      .invalidAddress,
      "'\(address)' has two sides: listen there with Server(\"\(address)\"), and connect with "
        + "Connection(\"\(address)\")")
  }

  public func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace {
    let tcp = try self.options.merging(address)
    let terms = try terms(format, options, tcp)
    let endpoint = try Endpoint(address)
    let streams = try streams(address, endpoint, listens: true)
    try engines.start()
    return try TCPListener(
      endpoint, scheme: scheme, terms, tcp, streams, LanePlacement(options, of: address), engines,
      accept)
  }

  public func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    let tcp = try self.options.merging(address)
    let endpoint = try Endpoint(address)
    guard endpoint.port != 0 else {
      throw TransportError(
        .invalidAddress, "'\(address)' has port 0, which is for listening: name the server's port")
    }
    // Beyond 200 years no clock goes.
    let timeout = max(
      .zero,
      min(options.connectTimeout ?? ChannelOptions.defaultConnectTimeout, .seconds(6_000_000_000)))
    let deadline = cpsyne_monotonic_ns() + timeout.nanoseconds
    let terms = try terms(format, options, tcp)
    let streams = try streams(address, endpoint, listens: false)
    let engine = try engines.next()
    // Before the socket, which would have to be closed if they cannot be had.
    let lanes = try TCPLanes(
      format, capacity: terms.capacity, LanePlacement(options, of: address))
    let link = try Link(
      .connector, terms, session: .random(), incarnation: .none, inbound: lanes.inbound,
      outbound: lanes.outbound)
    let socket = try Self.dial(endpoint, tcp, until: deadline)
    let connection = TCPConnection(
      link, lanes, peer: "\(endpoint)", target: endpoint, tcp, streams, engine
    ) { _ in }
    connection.adopt(socket)
    connection.isSettled.wait(until: deadline)
    let (isSettled, failure) = (connection.isSettled.isSet, connection.failure)
    // One that was made may have been closed already, or have broken: its ends tell.
    if isSettled, failure == nil { return connection }
    connection.abandon()
    if isSettled, let failure {
      throw TransportError(.mismatch, "cannot connect to '\(address)': \(failure.message)")
    }
    let tls = maker == nil ? "want TLS (tls://)" : "not speak TLS (tcp://)"
    throw TransportError(
      .notFound,
      "cannot connect to '\(address)': \(Self.outcome(connection.interruption, timeout)); who listens "
        + "there may be stopped, be no server of Psyne's, \(tls), or turn us away without a word, having "
        + "as many strangers as it takes")
  }

  /// What has come of a connection that was not made in time.
  ///
  /// - Parameter reason: why the last attempt failed, if one has.
  private static func outcome(_ reason: String?, _ timeout: Duration) -> String {
    guard let reason else { return "it has not answered within \(timeout.spelled)" }
    return "no connection was made within \(timeout.spelled), the last time because: \(reason)"
  }

  /// A server that is not there yet may be about to start: it is asked again until `deadline`.
  private static func dial(
    _ endpoint: Endpoint, _ options: TCPOptions, until deadline: Int64
  ) throws(TransportError) -> Socket {
    var attempts = 0
    var reason: TransportError?
    while true {
      // The pause may have taken longer than it was to.
      if let reason, cpsyne_monotonic_ns() >= deadline { throw reason }
      do {
        return try Dialer.dial(endpoint, options, until: deadline)
      } catch {
        let pause = min(Backoff.delay(attempts), 500_000_000)
        guard error.errno != nil, cpsyne_monotonic_ns() + pause < deadline else { throw error }
        attempts += 1
        reason = error
        Latch().wait(until: cpsyne_monotonic_ns() + pause)
      }
    }
  }

  private func terms(
    _ format: MessageFormat, _ options: ChannelOptions, _ tcp: TCPOptions
  ) throws(TransportError) -> LinkTerms {
    var options = options
    options.capacity = options.capacity ?? Self.defaultCapacity
    guard let capacity = try options.laneCapacity() else {
      preconditionFailure("a capacity that is set is one")
    }
    // As frames lie, so that both sides mean the same.
    let unit = format.positionUnit
    let asked = min(tcp.largestMessage?.bytes ?? capacity, capacity)
    let largest = (asked + unit - 1) / unit * unit
    return LinkTerms(
      format: format, capacity: capacity, largestMessage: min(largest, capacity),
      keepAlive: Int(tcp.keepAlive.nanoseconds / 1_000_000), codec: codec?.id ?? 0)
  }
}
