/// The transports a program uses, by scheme.
///
/// ```swift
/// let registry = TransportRegistry([IPCTransport()])
/// let channel = try registry.open("ipc://sensor_data", carrying: FloatVector.self)
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
  ///   - body: what the channel carries; every party must say the same.
  ///   - options: what is set in code; an option must not be set differently in both places.
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public func open<Body: MessageBody>(
    _ uri: String, carrying body: Body.Type = Body.self, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) -> SPSCChannel<Body> {
    let address = try ChannelAddress(uri)
    let transport = try transport(for: address)
    let format = MessageFormat(Body.self)
    try format.validate()
    let options = try options.merging(address, known: transport.optionNames)
    _ = try options.laneCapacity()
    let lane = try transport.open(address, format: format, options: options)
    // A transport may be anybody's, and what it hands back is read as what was asked for.
    try lane.format.check(format, at: address)
    return SPSCChannel(lane, waiting: options.wait ?? .adaptive)
  }

  /// Schemes of the standard modules, so that a missing import can be named.
  private static let modules = ["memory": "PsyneCore", "ipc": "PsyneIPC"]

  private func transport(for address: ChannelAddress) throws(TransportError) -> any Transport {
    let registered = schemes.isEmpty ? "none" : schemes.joined(separator: ", ")
    if let codec = address.codecs.first {
      throw TransportError(
        .unknownScheme, "no codec '\(codec)' for '\(address)'; registered schemes: \(registered)")
    }
    if let transport = transports[address.scheme] { return transport }
    let advice =
      Self.modules[address.scheme].map {
        "; it is in the module \($0): add its transport to the registry"
      }
      ?? Spelling.hint(for: address.scheme, among: schemes)
    throw TransportError(
      .unknownScheme, "no transport for '\(address.scheme)'; registered: \(registered)" + advice)
  }
}

extension SPSCChannel {
  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Parameter capacity: bytes the channel holds, rounded up to a power of two of at least 4 KiB;
  ///   4 MiB if neither this nor the address says.
  /// - Throws: ``TransportError``.
  public init(
    _ uri: String, capacity: ByteCount? = nil, registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(uri, options: ChannelOptions(capacity: capacity))
  }
}
