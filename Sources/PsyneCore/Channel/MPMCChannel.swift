/// A channel with several senders and several receivers, of which one gets each message.
///
/// What is said of ``MPSCChannel`` about senders and of ``SPMCChannel`` about receivers holds here.
public struct MPMCChannel<Body: MessageBody>: Channel {
  public static var kind: ChannelKind { .mpmc }
  public let opened: OpenedChannel
  public init(_ opened: OpenedChannel) { self.opened = opened }

  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - producers, consumers: the most senders and receivers at a time, 1 to 63; 8 if neither this
  ///     nor the address says.
  ///   - capacity: bytes of each sender's lane, rounded up to a power of two of at least 4 KiB; 4 MiB
  ///     if neither this nor the address says.
  /// - Throws: ``TransportError``.
  public init(
    _ uri: String, producers: Int? = nil, consumers: Int? = nil, capacity: ByteCount? = nil,
    registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(
      uri,
      options: ChannelOptions(capacity: capacity, producers: producers, consumers: consumers))
  }
}
