@_exported public import PsyneCompress
@_exported public import PsyneCore
@_exported public import PsyneIPC
@_exported public import PsyneTCP
@_exported public import PsyneTLS

extension TransportRegistry {
  /// Every transport of this package.
  public static let standard: TransportRegistry = {
    let tcp = TCPTransport()
    let tls = TLSTransport(over: tcp)
    return TransportRegistry([
      MemoryTransport(), IPCTransport(), tcp, tls, tcp.encoded(by: LZ4Codec()),
      tls.encoded(by: LZ4Codec()),
    ])
  }()
}

extension SPSCChannel {
  /// Opens the channel at `uri` with the standard transports; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - uri: `ipc://name` between processes, `memory://name` between threads of one.
  ///   - capacity: bytes the channel holds, rounded up to a power of two of at least 4 KiB; 4 MiB
  ///     if neither this nor the address says.
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public init(_ uri: String, capacity: ByteCount? = nil) throws(TransportError) {
    try self.init(uri, capacity: capacity, registry: .standard)
  }
}

extension MPSCChannel {
  /// Opens the channel at `uri` with the standard transports; whoever comes first creates it. See
  /// ``init(_:producers:capacity:registry:)``.
  public init(
    _ uri: String, producers: Int? = nil, capacity: ByteCount? = nil
  ) throws(TransportError) {
    try self.init(uri, producers: producers, capacity: capacity, registry: .standard)
  }
}

extension SPMCChannel {
  /// Opens the channel at `uri` with the standard transports; whoever comes first creates it. See
  /// ``init(_:consumers:capacity:registry:)``.
  public init(
    _ uri: String, consumers: Int? = nil, capacity: ByteCount? = nil
  ) throws(TransportError) {
    try self.init(uri, consumers: consumers, capacity: capacity, registry: .standard)
  }
}

extension MPMCChannel {
  /// Opens the channel at `uri` with the standard transports; whoever comes first creates it. See
  /// ``init(_:producers:consumers:capacity:registry:)``.
  public init(
    _ uri: String, producers: Int? = nil, consumers: Int? = nil, capacity: ByteCount? = nil
  ) throws(TransportError) {
    try self.init(
      uri, producers: producers, consumers: consumers, capacity: capacity, registry: .standard)
  }
}

extension BroadcastChannel {
  /// Opens the channel at `uri` with the standard transports; whoever comes first creates it. See
  /// ``init(_:consumers:capacity:slowReaders:registry:)``.
  public init(
    _ uri: String, consumers: Int? = nil, capacity: ByteCount? = nil,
    slowReaders: SlowReaderPolicy? = nil
  ) throws(TransportError) {
    try self.init(
      uri, consumers: consumers, capacity: capacity, slowReaders: slowReaders, registry: .standard)
  }
}

extension Server {
  /// Listens at `uri` with the standard transports. See ``init(_:options:registry:)``.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) {
    try self.init(uri, options: options, registry: .standard)
  }
}

extension Connection {
  /// Connects to the server that listens at `uri` with the standard transports. See
  /// ``init(_:options:registry:)``.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions()
  ) throws(TransportError) {
    try self.init(uri, options: options, registry: .standard)
  }
}
