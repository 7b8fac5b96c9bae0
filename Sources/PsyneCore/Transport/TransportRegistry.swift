/// The transports a program uses, by scheme.
///
/// ```swift
/// let registry = TransportRegistry([IPCTransport()])
/// let channel = try registry.open("ipc://sensor_data", as: SPSCChannel<FloatVector>.self)
/// ```
public struct TransportRegistry: Sendable {
  private let transports: [String: any Transport]

  /// - Precondition: no two transports have the same scheme.
  public init(_ transports: [any Transport]) {
    self.transports = Dictionary(transports.map { ($0.scheme, $0) }) { a, _ in
      preconditionFailure("two transports have the scheme '\(a.scheme)'")
    }
  }

  /// The registered schemes, in alphabetical order.
  public var schemes: [String] { transports.keys.sorted() }

  /// Opens the channel at `uri`; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - uri: `scheme://name[?option=value&…]`.
  ///   - channel: its kind and what it carries; every party must say the same.
  ///   - options: what is set in code; an option must not be set differently in both places.
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public func open<Opened: Channel>(
    _ uri: String, as channel: Opened.Type = Opened.self, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) -> Opened {
    let (address, transport, options) = try prepare(uri, options)
    let format = try MessageFormat.valid(Opened.Body.self)
    let lanes = try transport.open(
      address, kind: Opened.kind, format: format, options: options)
    // A transport may be anybody's, and what it hands back is read as what was asked for.
    try lanes.check(address, kind: Opened.kind, format: format, options: options)
    return Opened(OpenedChannel(lanes: lanes, options: options))
  }

  /// Listens at `uri`; see ``Server``.
  ///
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public func listen<Body: MessageBody>(
    _ uri: String, for body: Body.Type = Body.self, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) -> Server<Body> {
    let (address, transport, options) = try prepare(uri, options)
    let format = try MessageFormat.valid(Body.self)
    let hub = try ServerHub(options)
    let place = try transport.listen(address, format: format, options: options) {
      [weak hub] carrier throws(TransportError) in
      guard let hub else { throw TransportError(.notFound, "the server is gone") }
      try hub.accept(carrier)
    }
    hub.open(place)
    return Server(hub)
  }

  /// Connects to the server at `uri`; see ``Connection``.
  ///
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public func connect<Body: MessageBody>(
    _ uri: String, for body: Body.Type = Body.self, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) -> Connection<Body> {
    let (address, transport, options) = try prepare(uri, options)
    let format = try MessageFormat.valid(Body.self)
    return Connection(
      try transport.connect(address, format: format, options: options), options)
  }

  private func prepare(
    _ uri: String, _ options: ChannelOptions
  ) throws(TransportError) -> (ChannelAddress, any Transport, ChannelOptions) {
    let address = try ChannelAddress(uri)
    let transport = try transport(for: address)
    let options = try options.merging(address, known: transport.optionNames)
    _ = try options.laneCapacity()
    return (address, transport, options)
  }

  /// Schemes of the standard modules, so that a missing import can be named.
  private static let modules = [
    "memory": "PsyneCore", "ipc": "PsyneIPC", "tcp": "PsyneTCP", "tls": "PsyneTLS",
  ]

  private func transport(for address: ChannelAddress) throws(TransportError) -> any Transport {
    let registered = schemes.isEmpty ? "none" : schemes.joined(separator: ", ")
    let scheme = address.wholeScheme
    if let transport = transports[scheme] { return transport }
    if let codec = address.codecs.first {
      let reason =
        ["memory", "ipc"].contains(address.scheme)
        ? "what is in shared memory does not travel, and is not encoded"
        : "no codec '\(codec)' for it"
      throw TransportError(
        .unknownScheme, "'\(address)' cannot be had: \(reason); registered schemes: \(registered)")
    }
    let advice =
      Self.modules[address.scheme].map {
        "; it is in the module \($0): add its transport to the registry"
      }
      ?? Spelling.hint(for: address.scheme, among: schemes)
    throw TransportError(
      .unknownScheme, "no transport for '\(address.scheme)'; registered: \(registered)" + advice)
  }
}
