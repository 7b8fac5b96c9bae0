/// A channel with several senders and one receiver.
///
/// Each sender has a lane of its own, so that senders never wait for one another, and one that dies in
/// the middle of a message leaves nothing behind. The receiver goes round the lanes.
///
/// The receiver gets nil when the last sender has closed and everything was received, and
/// ``ChannelError/peerDied``, once, for each sender that died.
public struct MPSCChannel<Body: MessageBody>: Channel {
  public static var kind: ChannelKind { .mpsc }
  public let opened: OpenedChannel
  public init(_ opened: OpenedChannel) { self.opened = opened }

  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - producers: the most senders at a time, 1 to 63; 8 if neither this nor the address says.
  ///   - capacity: bytes of each sender's lane, rounded up to a power of two of at least 4 KiB; 4 MiB
  ///     if neither this nor the address says.
  /// - Throws: ``TransportError``.
  public init(
    _ uri: String, producers: Int? = nil, capacity: ByteCount? = nil, registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(
      uri, options: ChannelOptions(capacity: capacity, producers: producers))
  }
}
