internal import Synchronization

/// The receiving end of a lane whose messages go over a link: hands out its bytes as they lie, and keeps
/// them until the other side has finished reading.
final class OutboundLane {
  let lanes: LaneSet
  private let lane: LaneMemory
  /// Everything before it is freed.
  private(set) var head: Int
  private var isAttached = false

  /// Takes the end.
  init(_ lanes: LaneSet) throws(TransportError) {
    self.lanes = lanes
    lane = lanes.lanes[0]
    head = 0
    head = try attach()
  }

  /// Takes the end, unless it is taken. Returns where the lane begins.
  @discardableResult
  func attach() throws(TransportError) -> Int {
    guard !isAttached else { return head }
    var positions: LanePositions?
    _ = try lanes.attach(toOneOf: lanes.receivers) { _ in
      positions = LanePositions(lane, shape: lanes.shape, unit: lanes.format.positionUnit)
      return positions != nil
    }
    isAttached = true
    return positions?.head ?? 0
  }

  /// Leaves the end: whoever sends is told.
  func leave(as ending: LaneEnding) {
    guard isAttached else { return }
    isAttached = false
    lanes.detach(.receiver(0), as: ending)
  }

  /// End of what was published: in the lane, whatever the sender has written there.
  var tail: Int { max(head, min(lane.tail, head + lane.capacity)) }

  /// The same as the program's thread sees it that has written it.
  var ownTail: Int { lane.tail }

  /// `count` bytes from `position`, which are published and not freed.
  func bytes(at position: Int, count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: lane.bytes(at: position), count: count)
  }

  /// Gives the room before `position` back to the sender, and wakes it if it waits for that.
  func free(upTo position: Int) {
    guard position > head else { return }
    head = position
    // Release pairs with the acquire of whoever claims the end next: `done` is never behind `head`.
    unsafe lane.position(LaneMemory.cursor(0, CursorLayout.done)).pointee
      .store(position, ordering: .releasing)
    // One fence for many messages, and the sleeper needs no barrier.
    lane.publish(head: position, at: LaneLayout.head, fences: true)
  }

  /// How often a sender has left, and where the last one did.
  var endings: UInt32 { lane.sender.endings }
  var lastEnd: Int {
    unsafe lane.position(LaneLayout.senderEndPosition).pointee.load(ordering: .acquiring)
  }

  /// Messages that begin in `range`, which is published.
  func messages(in range: Range<Int>) -> Int {
    Frames(of: lane, lanes.format).count(in: range, before: tail) ?? 0
  }

  /// Has the bell rung with the next publication.
  ///
  /// - Returns: whether there was one since `tail` was read: the bell may then not ring.
  func arm(after tail: Int) -> Bool {
    unsafe lane.word(LaneLayout.receiversParked).pointee.store(1, ordering: .releasing)
    _ = AsymmetricFence.heavy()
    return lane.tail != tail
  }

  var isArmed: Bool {
    unsafe lane.word(LaneLayout.receiversParked).pointee.load(ordering: .relaxed) == 1
  }

  /// Has the bell rung with the next publication; for the thread that publishes.
  func rearm() {
    unsafe lane.word(LaneLayout.receiversParked).pointee.store(1, ordering: .releasing)
  }
}
