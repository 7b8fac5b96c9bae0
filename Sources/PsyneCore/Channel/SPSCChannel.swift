/// A channel with one sender and one receiver, in one process or in two.
///
/// ```swift
/// func produce() throws {
///   let channel = try SPSCChannel<FloatVector>("ipc://sensor_data", capacity: .mebibytes(10))
///   var sender = try channel.sender()
///   var samples = try sender.reserve(count: 1024)
///   for i in 0..<1024 { samples[i] = Float(i) }
///   samples.send()
/// }
/// ```
///
/// Messages arrive whole, in order and once. A message that was sent stays in the channel until a
/// receiver has finished with it, through the death of either process.
public struct SPSCChannel<Body: MessageBody>: Channel {
  public static var kind: ChannelKind { .spsc }
  public let opened: OpenedChannel
  public init(_ opened: OpenedChannel) { self.opened = opened }

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
