/// A channel of one of the five kinds: a handle that any thread may hold and copy.
///
/// Its ends are claimed, ``sender(waiting:)`` and ``receiver(waiting:)``, and each is owned by one
/// thread at a time. How many of each there can be says the kind. The channel lives until its last
/// handle and end are gone.
///
/// Messages arrive whole, and in the order in which their sender sent them; between senders there is
/// no order.
public protocol Channel<Body>: Sendable {
  /// What its messages are.
  associatedtype Body: MessageBody
  static var kind: ChannelKind { get }
  /// What a transport has opened.
  var opened: OpenedChannel { get }
  /// Called by ``TransportRegistry`` with lanes of the kind and the body that were asked for.
  init(_ opened: OpenedChannel)
}

/// The lanes of a channel, and how its ends are to behave.
public struct OpenedChannel: Sendable {
  let lanes: LaneSet
  let options: ChannelOptions
}

extension Channel {
  var lanes: LaneSet { opened.lanes }

  /// Who has the first sending end, for people.
  package var holderOfSender: String { lanes.custody.holder(of: .sender(0)) }

  /// Bytes that each lane of the channel holds, frames and headers included. Every sender has a lane.
  public var capacity: Int { lanes.shape.capacity }

  /// The most senders at a time.
  public var producers: Int { lanes.shape.producers }

  /// The most receivers at a time.
  public var consumers: Int { lanes.shape.consumers }

  /// The longest message in bytes.
  public var largestMessage: Int { capacity - lanes.format.headerBytes }

  /// Claims a sending end.
  ///
  /// - Parameters:
  ///   - waiting: how it waits for room; nil is as the channel's options say.
  ///   - whenFull: what ``Sender/offer(count:whenFull:)`` and its like do when there is no room; nil
  ///     is as the channel's options say.
  /// - Throws: ``TransportError/Code/inUse`` while there are as many as there can be, in whichever
  ///   process; the message names who holds them. ``TransportError/Code/noSpace`` if there is no memory
  ///   for the sender's lane.
  public func sender(
    waiting: WaitStrategy? = nil, whenFull: WhenFull? = nil
  ) throws(TransportError) -> Sender<Body> {
    let claim = try SenderClaim(lanes, waiting: waiting ?? opened.options.wait ?? .adaptive)
    claim.terms?.policy = opened.options.slow ?? .block
    return Sender(claim, whenFull: whenFull ?? opened.options.full ?? .wait)
  }

  /// Claims a receiving end. It goes on with what an earlier one has left unread.
  ///
  /// - Parameters:
  ///   - waiting: how it waits for messages; nil is as the channel's options say.
  ///   - share: where receivers take messages from one another, the most that it takes at a time. The
  ///     others cannot have what one has taken: 1 where handling a message takes long.
  /// - Throws: ``TransportError/Code/inUse`` while there are as many as there can be, in whichever
  ///   process; the message names who holds them.
  /// - Precondition: `share` is at least 1.
  public func receiver(
    waiting: WaitStrategy? = nil, share: Int = 256
  ) throws(TransportError) -> Receiver<Body> {
    precondition(share > 0, "a receiver takes at least one message at a time")
    return Receiver(
      try ReceiverClaim(
        lanes, waiting: waiting ?? opened.options.wait ?? .adaptive, share: share))
  }

  /// Leaves the channel at once, as if this process had died: the other side gets
  /// ``ChannelError/peerDied``, not an orderly end, and a channel that nobody else has open is
  /// removed. What this process's ends still send reaches nobody. For a signal handler's thread that
  /// is about to end the process; any thread may call it.
  public func abandon() { lanes.leave(as: .died) }

  /// Opens the channel at `uri` with the transports of `registry`; whoever comes first creates it.
  ///
  /// - Throws: ``TransportError``. Its message names what is wrong and what would be right.
  public init(
    _ uri: String, options: ChannelOptions, registry: TransportRegistry
  ) throws(TransportError) {
    self = try registry.open(uri, options: options)
  }
}
