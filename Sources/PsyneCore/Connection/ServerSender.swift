/// Sends to those that are connected to a ``Server``: to one, to whichever has the most room, or to all.
///
/// Each function calls its closure with the sender of a connection, with which everything can be done
/// that a ``Sender`` can and that does not suspend. What waits in it blocks the thread: `offer` and
/// `tryReserve` do not.
///
/// Use it from one thread at a time. It keeps the sending end of each peer that it has sent to; those of
/// peers that have left, and their lanes, until it turns to a peer for the first time.
public struct ServerSender<Body: MessageBody>: ~Copyable, Sendable {
  private let hub: ServerHub
  private let waiting: WaitStrategy
  private let whenFull: WhenFull
  private var senders: [PeerID: OwnedSender<Body>] = [:]

  init(_ hub: ServerHub, waiting: WaitStrategy, whenFull: WhenFull) {
    self.hub = hub
    self.waiting = waiting
    self.whenFull = whenFull
  }

  /// Sends to one peer, that of a message that has come. O(1) but for the first time.
  ///
  /// - Throws: ``ChannelError/closed`` if its connection has ended, ``ChannelError/busy`` if another sender
  ///   of this server holds on to it; and what `send` throws. What was sent to one that leaves before it has
  ///   read it is lost: `drain` tells.
  public mutating func to<Result>(
    _ peer: PeerID, _ send: (inout Sender<Body>) throws -> Result
  ) throws -> Result {
    try send(&sender(of: peer).sender)
  }

  /// Calls `send` for every peer, one after the other, also for those whose connection is interrupted.
  /// Those that are gone, and those that another sender of this server holds on to, are passed over. If
  /// `send` waits for room, the slowest sets the pace. O(n log n) in the number of peers, allocates.
  ///
  /// - Returns: for how many it was called and did not find them gone.
  /// - Throws: what `send` throws, but ``ChannelError/closed`` and ``ChannelError/peerDied``; those behind
  ///   that peer are then left out.
  @discardableResult
  public mutating func toAll(_ send: (inout Sender<Body>) throws -> Void) throws -> Int {
    var count = 0
    for (peer, _) in hub.inbox.carriers {
      do {
        guard let owned = try? sender(of: peer) else { continue }
        try send(&owned.sender)
        count += 1
      } catch let error as ChannelError where error == .closed || error == .peerDied {
        continue
      }
    }
    return count
  }

  /// Sends to the connected peer that has the fewest unread bytes; the choice is made once, before
  /// `send`. O(n log n) in the number of peers, allocates.
  ///
  /// - Throws: ``ChannelError/closed`` if nobody is connected, ``ChannelError/busy`` if another sender of
  ///   this server holds on to the one that is free; and what `send` throws.
  public mutating func toWhoeverIsFree<Result>(
    _ send: (inout Sender<Body>) throws -> Result
  ) throws -> Result {
    let free = hub.inbox.carriers.filter { $0.1.state == .connected }
      .min { $0.1.outbound.unreadBytes < $1.1.outbound.unreadBytes }
    guard let free else { throw ChannelError.closed }
    return try to(free.0, send)
  }

  private mutating func sender(of peer: PeerID) throws(ChannelError) -> OwnedSender<Body> {
    if let sender = senders[peer], !sender.carrier.isOver { return sender }
    // Those of peers that have left are let go of with the next new one.
    senders = senders.filter { !$0.value.carrier.isOver }
    guard let carrier = hub.carrier(of: peer), !carrier.isOver else { throw .closed }
    let claim: SenderClaim
    do { claim = try SenderClaim(carrier.outbound, waiting: waiting) } catch {
      throw error.code == .inUse && !carrier.isOver ? .busy : .closed
    }
    // Of an end that comes later the claim hears.
    guard !carrier.isOver else { throw .closed }
    let sender = OwnedSender<Body>(carrier, Sender(claim, whenFull: whenFull))
    senders[peer] = sender
    return sender
  }
}

/// A sender in a dictionary, which holds nothing that cannot be copied.
private final class OwnedSender<Body: MessageBody>: @unchecked Sendable {
  // Unchecked: it belongs to the one `ServerSender` that has it.
  let carrier: Carrier
  var sender: Sender<Body>

  init(_ carrier: Carrier, _ sender: consuming Sender<Body>) {
    self.carrier = carrier
    self.sender = sender
  }
}
