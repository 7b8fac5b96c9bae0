/// A channel with one sender and several receivers, each of which gets every message that is sent
/// after it has come.
///
/// The sender's ``SlowReaderPolicy`` says what becomes of a receiver that does not keep up. A message
/// that is lent to a receiver is never overwritten, and never stops the sender either, unless the
/// policy is to block.
public struct BroadcastChannel<Body: MessageBody>: Channel {
  public static var kind: ChannelKind { .broadcast }
  public let opened: OpenedChannel
  public init(_ opened: OpenedChannel) { self.opened = opened }

  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Parameters:
  ///   - consumers: the most receivers at a time, 1 to 63; 8 if neither this nor the address says.
  ///   - capacity: bytes of each of the channel's lanes, two more than receivers, rounded up to a
  ///     power of two of at least 4 KiB; 1 MiB if neither this nor the address says. A message fits
  ///     into one lane.
  ///   - slowReaders: what this handle's sender does about receivers that do not keep up; to block
  ///     if neither this nor the address says.
  /// - Throws: ``TransportError``.
  public init(
    _ uri: String, consumers: Int? = nil, capacity: ByteCount? = nil,
    slowReaders: SlowReaderPolicy? = nil, registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(
      uri,
      options: ChannelOptions(capacity: capacity, consumers: consumers, slow: slowReaders))
  }
}
