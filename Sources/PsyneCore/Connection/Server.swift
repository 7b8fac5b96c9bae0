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
/// when one leaves, dies or is slow. It ends with ``close()`` or when the last handle is gone.
public struct Server<Body: MessageBody>: Sendable {
  private let hub: ServerHub

  /// Listens at `uri`.
  ///
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public init(
    _ uri: String, options: ChannelOptions = ChannelOptions(), registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.listen(uri, options: options)
  }

  init(_ hub: ServerHub) { self.hub = hub }

  /// What others connect to, with the port that was found: `tcp://0.0.0.0:40001`.
  public var address: String { hub.address }

  /// Claims the receiving end, for what all of them send. Throws as
  /// ``Channel/receiver(waiting:share:)`` does.
  public func receiver(waiting: WaitStrategy? = nil) throws(TransportError) -> Receiver<Body> {
    Receiver(
      try ReceiverClaim(
        hub.inbox.doorbell, waiting: waiting ?? hub.options.wait ?? .adaptive, share: 1,
        reading: ConnectionsReading(hub.inbox), keeping: hub))
  }

  /// Sends to those that are connected. Any number of threads may have one; of two that send to the same
  /// one, one gets ``ChannelError/busy``.
  public func sender(
    waiting: WaitStrategy? = nil, whenFull: WhenFull? = nil
  ) -> ServerSender<Body> {
    ServerSender(
      hub, waiting: waiting ?? hub.options.wait ?? .adaptive,
      whenFull: whenFull ?? hub.options.full ?? .wait)
  }

  /// Those that are connected, or are expected to come back.
  public var peers: [Peer] {
    hub.inbox.carriers.map { id, carrier in
      Peer(
        id: id, name: carrier.peer, state: carrier.state,
        unreadBytes: carrier.outbound.unreadBytes)
    }
  }

  /// One of those that are connected.
  public struct Peer: Hashable, Sendable {
    public let id: PeerID
    /// Who it is, for people.
    public let name: String
    public let state: ConnectionState
    /// Bytes that were sent to it and that its program has not read.
    public let unreadBytes: Int
  }

  /// Has `handler` called for each event from now on, on a thread of the transport's. It must not block.
  public func onEvent(_ handler: @escaping @Sendable (PeerID, ConnectionEvent) -> Void) {
    hub.observe(handler)
  }

  /// Lets nobody connect any more, and ends every connection in order. The receiver gets what has come,
  /// then nil.
  public func close() { hub.close() }

  /// Ends everything at once, as if this process had died.
  public func abandon() { hub.abandon() }
}
