/// A channel with one sender and several receivers, of which one gets each message: work that is
/// handed out.
///
/// A receiver takes a share of what is there, ever less as the channel runs empty. What a receiver that
/// died has taken and not finished goes to another: the message it was at says that it is a redelivery
/// (``Message/isRedelivery``).
public struct SPMCChannel<Body: MessageBody>: Channel {
  public static var kind: ChannelKind { .spmc }
  public let opened: OpenedChannel
  public init(_ opened: OpenedChannel) { self.opened = opened }

  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - consumers: the most receivers at a time, 1 to 63; 8 if neither this nor the address says.
  ///   - capacity: bytes the channel holds, rounded up to a power of two of at least 4 KiB; 4 MiB if
  ///     neither this nor the address says.
  /// - Throws: ``TransportError``.
  public init(
    _ uri: String, consumers: Int? = nil, capacity: ByteCount? = nil, registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(
      uri, options: ChannelOptions(capacity: capacity, consumers: consumers))
  }
}
