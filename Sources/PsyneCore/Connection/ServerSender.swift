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
  /// - Throws: ``ChannelError/closed`` if it has left and is forgotten, ``ChannelError/busy`` if another
  ///   sender of this server holds on to it; and what `send` throws. A peer that has left and is not
  ///   forgotten, or to which this has sent before, is found gone when its lane is full, or by `drain`.
  public mutating func to<Result>(
    _ peer: PeerID, _ send: (inout Sender<Body>) throws -> Result
  ) throws -> Result {
    try send(&sender(of: peer).sender)
  }

  /// Calls `send` for every peer, one after the other, also for those whose connection is interrupted.
  /// One that is found gone is passed over. If `send` waits for room, the slowest sets the pace. O(n log n)
  /// in the number of peers, allocates.
  ///
  /// - Returns: for how many it was called and did not find them gone.
  /// - Throws: what `send` throws, and ``ChannelError/busy``; those behind that peer are then left out.
  @discardableResult
  public mutating func toAll(_ send: (inout Sender<Body>) throws -> Void) throws -> Int {
    var count = 0
    for (peer, _) in hub.inbox.carriers {
      do {
        try to(peer, send)
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
    if let sender = senders[peer] { return sender }
    // Those of peers that have left are let go of with the next new one.
    senders = senders.filter { hub.carrier(of: $0.key) != nil }
    guard let carrier = hub.carrier(of: peer) else { throw .closed }
    do {
      let claim = try SenderClaim(carrier.outbound, waiting: waiting)
      let sender = OwnedSender<Body>(Sender(claim, whenFull: whenFull))
      senders[peer] = sender
      return sender
    } catch {
      throw error.code == .inUse ? .busy : .closed
    }
  }
}

/// A sender in a dictionary, which holds nothing that cannot be copied.
private final class OwnedSender<Body: MessageBody>: @unchecked Sendable {
  // Unchecked: it belongs to the one `ServerSender` that has it.
  var sender: Sender<Body>

  init(_ sender: consuming Sender<Body>) { self.sender = sender }
}
