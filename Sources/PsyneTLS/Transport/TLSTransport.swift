public import PsyneCore
public import PsyneTCP

/// `tls://host:port`: what ``TCPTransport`` does, encrypted, between sides that know who the other is.
///
/// ```swift
/// var options = TLSOptions()
/// options.authorities = "ca.pem"
/// let registry = TransportRegistry([TLSTransport(options)])
/// let planner = try Connection<FloatVector>("tls://planner.example:9999", registry: registry)
/// ```
///
/// A connector checks the listener's certificate and its name, against the system's authorities if no others
/// are given. A listener has a certificate, and asks those that connect for one if it is given authorities.
/// `docs/security.md` says what is promised against whom.
///
/// Certificates, keys and lists are read again for new connections when their files have changed, which is
/// looked at once a second at most. What is refused in a handshake ends the attempt with
/// ``TransportError/Code/mismatch``; one that is to come back tries again until `resume` is over.
public struct TLSTransport: Transport {
  private let tcp: TCPTransport
  private let contexts: TLSContexts

  /// - Parameters:
  ///   - options: for what an address does not say. They are checked when one is used.
  ///   - hooks: what the program has a say in.
  ///   - tcp: whose options and threads are used.
  public init(
    _ options: TLSOptions = TLSOptions(), hooks: TLSHooks = TLSHooks(),
    over tcp: TCPTransport = TCPTransport()
  ) {
    contexts = TLSContexts()
    self.tcp = tcp.over(TLSMaker(options, hooks, contexts), scheme: "tls")
  }

  private init(_ tcp: TCPTransport, _ contexts: TLSContexts) {
    self.tcp = tcp
    self.contexts = contexts
  }

  /// The same over bytes that a codec has made fewer before they are encrypted, for addresses such as
  /// `lz4+tls://`. `docs/compression.md` says when that gives secrets away.
  public func encoded(by codec: any BlockCodec) -> TLSTransport {
    TLSTransport(tcp.encoded(by: codec), contexts)
  }

  /// Has certificates, keys and lists read again, for connections that are made from now on. Those that are
  /// there stay.
  ///
  /// - Throws: ``TransportError`` that names the file that cannot be used; the old one is used on.
  public func reload() throws(TransportError) { try contexts.reload() }

  public var scheme: String { tcp.scheme }
  public var optionNames: [String] { tcp.optionNames }

  public func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    try tcp.open(address, kind: kind, format: format, options: options)
  }

  public func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace {
    try tcp.listen(address, format: format, options: options, accept: accept)
  }

  public func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    try tcp.connect(address, format: format, options: options)
  }
}
