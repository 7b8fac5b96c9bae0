internal import Synchronization

/// One receiver, any number of connections: reads in turn from those in which something has come.
///
/// A lane in which there is nothing is *armed*: its sender's next publication puts it into the inbox. So
/// what a receiver costs follows from what comes, not from how many are connected.
final class ConnectionsReading: Reading {
  private let inbox: Inbox
  private var current: InboxPeer?
  /// Not armed: what streams in is looked for without anybody being told.
  private var warm: [InboxPeer] = []
  private var nothing: LaneView?
  /// Whether the receiver waits, or is about to.
  private var isWaiting = false

  init(_ inbox: Inbox) { self.inbox = inbox }

  func start(at slot: Int) -> LaneView? {
    let view = LaneView(inbox.doorbell.lanes[0], slot: slot, at: 0)
    nothing = view
    return view
  }

  func look(after view: LaneView) throws(ChannelError) -> LaneView {
    if let peer = current {
      current = nil
      peer.view = view
      peer.publishHead()
      // Behind the others, whose turn it is.
      warm.append(peer)
    }
    while true {
      if let found = lookAtAll() {
        isWaiting = false
        return found
      }
      // Who waits is told by those that are armed alone: none may be left out.
      guard isWaiting, !warm.isEmpty else { break }
      arm()
    }
    return none(inbox.isAtEnd ? .closed : .nothing)
  }

  private func lookAtAll() -> LaneView? {
    // Those in which something has come, and then those where something may.
    while let peer = inbox.next() {
      warm.removeAll { $0 === peer }
      if let found = take(peer) { return found }
      warm.append(peer)
    }
    for _ in 0..<warm.count {
      let peer = warm.removeFirst()
      if let found = take(peer) { return found }
      if !isOver(peer) { warm.append(peer) }
    }
    return nil
  }

  /// What there is of one peer.
  private func take(_ peer: InboxPeer) -> LaneView? {
    guard peer.look() else { return nil }
    current = peer
    return peer.view
  }

  /// True, and it is forgotten, if the connection has ended and everything of it was read.
  private func isOver(_ peer: InboxPeer) -> Bool {
    guard peer.isEnding, !peer.hasNews else { return false }
    inbox.remove(peer)
    return true
  }

  private func none(_ outcome: LaneView.Outcome) -> LaneView {
    guard var nothing else { preconditionFailure("a receiver starts before it looks") }
    nothing.outcome = outcome
    return nothing
  }

  /// Has those told of that begin to send again.
  func arm() {
    isWaiting = true
    guard !warm.isEmpty else { return }
    let armed = warm
    warm.removeAll(keepingCapacity: true)
    for peer in armed {
      // Before the hint: whoever sees that finds the word that somebody sleeps on.
      peer.carrier.watchArrivals()
      unsafe peer.lane.word(LaneLayout.receiversParked).pointee.store(1, ordering: .releasing)
    }
    // Our flags before our looks; theirs is the publication before the look at the flag.
    if armed.contains(where: \.carrier.needsHeavyFence) {
      _ = AsymmetricFence.heavy()
    } else {
      atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
    for peer in armed where peer.hasNews || peer.isEnding { inbox.requeue(peer) }
  }

  func hasNews(after view: LaneView) -> Bool { !inbox.isEmpty || inbox.isAtEnd }

  /// Leaves everything as the next receiver is to find it.
  func close() {
    if let peer = current {
      peer.resume()
      inbox.requeue(peer)
    }
    for peer in warm { inbox.requeue(peer) }
    (current, warm) = (nil, [])
  }
}
