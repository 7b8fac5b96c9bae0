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
/// It ends in order when its last handle and end are gone. Nobody waits for that: over `tcp://` what was
/// sent is still delivered in the background, for as long as `linger` says, and a process that ends
/// normally waits for it. ``Sender/drain(timeout:)`` waits until all was read.
public struct Connection<Body: MessageBody>: Sendable {
  let handle: ConnectionHandle

  /// Connects to the server that listens at `uri`, and waits until it is there, for as long as the option
  /// `connecttimeout` says: 5 s unless set. Blocks the thread; the system's looking up of a host comes
  /// on top.
  ///
  /// - Throws: ``TransportError``: ``TransportError/Code/notFound`` if nobody listens or answers,
  ///   ``TransportError/Code/unknownHost``, and ``TransportError/Code/mismatch`` if somebody does not take
  ///   us. Its message names what is wrong and what would be right.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions(), registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.connect(uri, options: options)
  }

  init(_ carrier: Carrier, _ options: ChannelOptions) {
    handle = ConnectionHandle(carrier, options)
  }

  /// Claims the sending end. Throws as ``Channel/sender(waiting:whenFull:)`` does, and
  /// ``TransportError/Code/closed`` when the connection has ended.
  public func sender(
    waiting: WaitStrategy? = nil, whenFull: WhenFull? = nil
  ) throws(TransportError) -> Sender<Body> {
    let claim = try SenderClaim(
      handle.carrier.outbound, waiting: waiting ?? handle.options.wait ?? .adaptive, keeping: handle
    )
    // Of an end that comes later the claim hears.
    guard !handle.carrier.isOver else {
      throw TransportError(
        .closed,
        "the connection with \(peer) has ended: nobody would get what is sent; connect anew")
    }
    return Sender(claim, whenFull: whenFull ?? handle.options.full ?? .wait)
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

  /// Who the other side has shown to be: over `tls://` the owner of its certificate, if it has one.
  public var identity: PeerIdentity? { handle.carrier.identity }

  /// How the bytes travel: encrypted or not, and by which codec.
  public var details: ConnectionDetails { handle.carrier.details }

  /// Has `handler` called for each event from now on, in place of an earlier one. It is called on
  /// whichever thread notices, one that sends or waits on this connection among them: it must not block,
  /// nor take a lock that is held while sending. It is connected already, and that is not told; if it has
  /// ended, that is told at once.
  public func onEvent(_ handler: @escaping @Sendable (ConnectionEvent) -> Void) {
    handle.carrier.observe(handler)
  }

  /// Bytes that each of the two lanes holds, frames and headers included.
  public var capacity: Int { handle.carrier.outbound.shape.capacity }

  /// The longest message in bytes that a lane holds and the other side takes (`maxmessage`). A longer one is
  /// ``ChannelError/tooLarge(bytes:capacity:)``.
  public var largestMessage: Int {
    let outbound = handle.carrier.outbound
    return min(capacity, outbound.channel.bell?.largestFrame ?? .max) - outbound.format.headerBytes
  }

  /// What has happened on the way out and on the way in, as far as this side knows. Any thread may ask at any
  /// time; it disturbs nobody.
  public var statistics: ConnectionStatistics { ConnectionStatistics(handle.carrier) }

  /// Leaves the connection at once, as if this process had died: the other side's has failed. What was
  /// sent and has not arrived is lost. Any thread may call it. See ``Channel/abandon()``.
  public func abandon() { handle.carrier.abandon() }

  /// The same, once the other side has been told, also where much is under way to it. Blocks until it has, or
  /// for as long as `patience` says.
  package func leave(within patience: Duration) { handle.carrier.leave(within: patience) }
}

extension Connection: CustomStringConvertible {
  /// The other side, how the bytes travel, and how it stands:
  /// "10.0.0.7:9999, over TCP; TLS 1.3, …; lz4 (…), connected".
  public var description: String { "\(peer), over \(details), \(state.rawValue)" }
}
