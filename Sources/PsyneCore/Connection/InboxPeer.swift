/// One connection of a server, as its receiver sees it.
final class InboxPeer: @unchecked Sendable {
  // Unchecked: `isQueued` is guarded by the inbox's lock; the view and what follows it belong to the one
  // receiver.
  let id: PeerID
  let carrier: Carrier
  let lane: LaneMemory
  private let frames: Frames
  var isQueued = false
  /// Where reading stands.
  var view: LaneView
  /// Whether it has sent what cannot be a message: nothing more of it is looked at.
  private var isGivenUp = false
  /// Up to where what comes again has been counted.
  private var countedUpTo = 0

  /// Takes the receiving end of what the peer sends.
  init(_ id: PeerID, _ carrier: Carrier) throws(TransportError) {
    let lanes = carrier.inbound
    (self.id, self.carrier, lane) = (id, carrier, lanes.lanes[0])
    frames = Frames(of: lane, lanes.format)
    var start: LaneView?
    _ = try lanes.attach(toOneOf: lanes.receivers) { _ in
      start = Self.start(of: id, carrier)
      return start != nil
    }
    guard let start else {
      preconditionFailure("an end is attached with its position or not at all")
    }
    view = start
    lanes.prefault(0)
  }

  /// Where a receiver begins; nil if the lane is damaged.
  private static func start(of id: PeerID, _ carrier: Carrier) -> LaneView? {
    let lanes = carrier.inbound
    guard var start = LaneView(resuming: lanes.lanes[0], of: lanes, slot: 0) else { return nil }
    start.peer = id
    start.redeliveredUpTo = max(start.redeliveredUpTo, carrier.redeliveredUpTo)
    return start
  }

  /// Goes on where the last receiver has left off.
  func resume() {
    guard let start = Self.start(of: id, carrier) else { return carrier.abandon() }
    view = start
    // That one has said how far it had come, and woken nobody who waits for it.
    lane.publish(head: view.head, at: LaneLayout.head, fences: true)
  }

  deinit { carrier.inbound.detach(.receiver(0)) }
}

extension InboxPeer {
  var hasNews: Bool { !isEmpty || lane.sender.endings != view.seenEndings }

  /// Whether nothing is there that a receiver might want.
  var isEmpty: Bool { isGivenUp || lane.tail == view.head }

  /// What came before the end is there when this is true.
  var isEnding: Bool { carrier.isOver }

  func publishHead() {
    guard view.head != view.published else { return }
    lane.publish(head: view.head, at: LaneLayout.head, fences: !AsymmetricFence.isRegistered)
    view.published = view.head
  }

  /// Looks for messages. A peer that has sent what cannot be one has no more, and its connection ends.
  func look() -> Bool {
    // An ending is only passed: who wants to know of it observes the connection.
    view.seenEndings = lane.sender.endings
    let tail = lane.tail
    guard tail != view.head, !isGivenUp else { return false }
    guard tail &- view.head >= 0, tail &- view.head <= lane.capacity,
      !carrier.isSharedWithOthers || frames.areSound(in: view.head..<tail)
    else {
      isGivenUp = true
      carrier.abandon()
      return false
    }
    countRedeliveries(before: tail)
    view.tail = tail
    view.outcome = .messages
    lane.channel.raise(0, ChannelLayout.highWater, to: tail - view.head)
    return true
  }

  /// Of a connection whose listener was started again: another process may have received them.
  private func countRedeliveries(before tail: Int) {
    let start = max(view.head, countedUpTo)
    let end = min(tail, carrier.redeliveredUpTo)
    guard start < end, let count = frames.count(in: start..<end, before: tail) else { return }
    countedUpTo = end
    lane.channel.count(0, ChannelLayout.redeliveries, count)
  }
}
