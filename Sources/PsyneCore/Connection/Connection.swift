/// A connection to a ``Server``: messages of one type, both ways.
///
/// ```swift
/// let connection = try Connection<FloatVector>("tcp://planner.local:9999")
/// var sender = try connection.sender()
/// var receiver = try connection.receiver()
/// ```
///
/// Over `tcp://` it survives breaks: what was sent is kept until the other side's program has read it,
/// and goes on where it was. ``state`` and ``onEvent(_:)`` tell.
///
/// It ends in order when its last handle and end are gone, and what was sent has arrived.
public struct Connection<Body: MessageBody>: Sendable {
  private let handle: ConnectionHandle

  /// Connects to the server that listens at `uri`, and waits until it is there, for as long as the option
  /// `connecttimeout` says.
  ///
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions(), registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.connect(uri, options: options)
  }

  init(_ carrier: Carrier, _ options: ChannelOptions) {
    handle = ConnectionHandle(carrier, options)
  }

  /// Claims the sending end. Throws as ``Channel/sender(waiting:whenFull:)`` does.
  public func sender(
    waiting: WaitStrategy? = nil, whenFull: WhenFull? = nil
  ) throws(TransportError) -> Sender<Body> {
    Sender(
      try SenderClaim(
        handle.carrier.outbound, waiting: waiting ?? handle.options.wait ?? .adaptive,
        keeping: handle),
      whenFull: whenFull ?? handle.options.full ?? .wait)
  }

  /// Claims the receiving end. Throws as ``Channel/receiver(waiting:share:)`` does.
  public func receiver(waiting: WaitStrategy? = nil) throws(TransportError) -> Receiver<Body> {
    Receiver(
      try ReceiverClaim(
        handle.carrier.inbound, waiting: waiting ?? handle.options.wait ?? .adaptive, share: 1,
        keeping: handle))
  }

  /// How it stands now.
  public var state: ConnectionState { handle.carrier.state }
  /// Why it failed, if it did.
  public var failure: ConnectionFailure? { handle.carrier.failure }
  /// Who the other side is, for people.
  public var peer: String { handle.carrier.peer }

  /// Has `handler` called for each event from now on, on a thread of the transport's. It must not block.
  public func onEvent(_ handler: @escaping @Sendable (ConnectionEvent) -> Void) {
    handle.carrier.observe(handler)
  }

  /// Bytes that each lane holds.
  public var capacity: Int { handle.carrier.outbound.shape.capacity }

  /// The longest message in bytes.
  public var largestMessage: Int { capacity - handle.carrier.outbound.format.headerBytes }

  /// What has happened on the way out and on the way in.
  public var statistics: (outbound: ChannelStatistics, inbound: ChannelStatistics) {
    (ChannelStatistics(handle.carrier.outbound), ChannelStatistics(handle.carrier.inbound))
  }

  /// Leaves the connection at once, as if this process had died. See ``Channel/abandon()``.
  public func abandon() { handle.carrier.abandon() }
}
