/// Where others connect: messages of one type, both ways, with any number of them.
///
/// ```swift
/// let server = try Server<FloatVector>("tcp://0.0.0.0:9999")
/// var requests = try server.receiver()
/// var replies = server.sender()
/// while let request = try requests.receive() {
///   let rms = rootMeanSquare(request.elements)
///   try replies.to(request.peer) { sender in
///     var reply = try sender.reserve(count: 1)
///     reply[0] = rms
///     reply.send()
///   }
/// }
/// ```
///
/// The receiver gets what all of them send, each one's messages in order, and gets on with the others
/// when one leaves, dies or is slow: that is told to ``onEvent(_:)`` alone. The server lives until
/// ``close()``, or until its last handle and end are gone. `docs/connections.md` says what happens when.
public struct Server<Body: MessageBody>: Sendable {
  let hub: ServerHub

  /// Listens at `uri`. Blocks while the system looks a host up.
  ///
  /// - Throws: ``TransportError``: ``TransportError/Code/inUse`` if somebody listens there already. Its
  ///   message names what is wrong and what would be right.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions(), registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.listen(uri, options: options)
  }

  init(_ hub: ServerHub) { self.hub = hub }

  /// What others connect to, with the port that was found: `tcp://0.0.0.0:40001`.
  public var address: String { hub.address }

  /// Claims the receiving end, for what all of them send. Claim it once, and keep it while the server
  /// serves. To look for a message costs as much as has come, not as many as are connected.
  ///
  /// - Throws: ``TransportError/Code/inUse`` while there is one.
  public func receiver(waiting: WaitStrategy? = nil) throws(TransportError) -> Receiver<Body> {
    Receiver(
      try ReceiverClaim(
        hub.inbox.doorbell, waiting: waiting ?? hub.options.wait ?? .adaptive, share: 1,
        reading: ConnectionsReading(hub.inbox), keeping: hub))
  }

  /// Sends to those that are connected. Any number of threads may have one. It keeps the sending end of
  /// each peer that it has sent to until it is dropped, or the peer has left: another one that turns to
  /// that peer meanwhile gets ``ChannelError/busy``. Dropping it is the end of the stream for those peers:
  /// their `receive` returns nil, and goes on with what another one sends.
  ///
  /// - Parameters:
  ///   - waiting: how it waits for room; nil is as the server's options say.
  ///   - whenFull: what the `offer` functions of its senders do when there is no room; nil is as the
  ///     server's options say.
  public func sender(
    waiting: WaitStrategy? = nil, whenFull: WhenFull? = nil
  ) -> ServerSender<Body> {
    ServerSender(
      hub, waiting: waiting ?? hub.options.wait ?? .adaptive,
      whenFull: whenFull ?? hub.options.full ?? .wait)
  }

  /// Those that are connected or are expected to come back, and those that have ended and of which
  /// something is still to be received; in the order in which they came. O(n log n), allocates.
  public var peers: [Peer] {
    hub.inbox.carriers.map { id, carrier in
      Peer(
        id: id, name: carrier.peer, identity: carrier.identity, state: carrier.state,
        unreadBytes: carrier.outbound.unreadBytes)
    }
  }

  /// Who a peer has shown to be: over `tls://` the owner of its certificate, if it has one. Nil also for one
  /// that is forgotten. O(1).
  public func identity(of peer: PeerID) -> PeerIdentity? { hub.carrier(of: peer)?.identity }

  /// How the bytes of a peer's connection travel. Nil for one that is forgotten. O(1).
  public func details(of peer: PeerID) -> ConnectionDetails? { hub.carrier(of: peer)?.details }

  /// What has happened on a peer's connection. Nil for one that is forgotten. O(1).
  public func statistics(of peer: PeerID) -> ConnectionStatistics? {
    hub.carrier(of: peer).map(ConnectionStatistics.init)
  }

  /// What the codec has done for all connections there ever were; nil where there is none, or nobody has been
  /// connected yet. O(n).
  public var codecStatistics: CodecStatistics? { hub.inbox.codecStatistics }

  /// One of those that are connected.
  public struct Peer: Hashable, Sendable {
    public let id: PeerID
    /// Who it is, for people.
    public let name: String
    /// Who it has shown to be.
    public let identity: PeerIdentity?
    public let state: ConnectionState
    /// Bytes that were sent to it, headers included, and that its program is not known to have read.
    public let unreadBytes: Int
  }

  /// Has `handler` called for each event from now on, in place of an earlier one. It is called on
  /// whichever thread notices, one that sends or waits among them: it must not block, nor take a lock
  /// that is held while sending. Of those that have connected before, ``peers`` tells.
  public func onEvent(_ handler: @escaping @Sendable (PeerID, ConnectionEvent) -> Void) {
    hub.observe(handler)
  }

  /// Lets nobody connect any more, and ends every connection in order: what was sent is still delivered,
  /// over `tcp://` for as long as `linger` says. Does not wait for it. The receiver gets what has come,
  /// then nil; what others have sent and has not come is lost.
  public func close() { hub.close() }

  /// Ends everything at once, as if this process had died.
  public func abandon() { hub.abandon() }

  /// The same, but nobody is going to listen here again: those who would wait for that are told first. Blocks
  /// until they know, or for as long as `patience` says.
  package func leave(within patience: Duration) { hub.leave(within: patience) }
}
