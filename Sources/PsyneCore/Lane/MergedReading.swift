internal import Synchronization

/// One receiver, a lane for each sender: goes round the lanes and reads what is in each.
final class MergedReading: Reading {
  private let lanes: LaneSet
  private var stands: [LaneView] = []
  private var current = 0
  /// Whether a sender has left since the end was reported last.
  private var hasEnding = false
  /// What was reported last, if it was an end: asked again, it is reported again.
  private var lastEnd: LaneView.Outcome?
  private var isPrefaulted: [Bool]
  private var streak = Streak()

  init(_ lanes: LaneSet) {
    self.lanes = lanes
    isPrefaulted = Array(repeating: false, count: lanes.lanes.count)
  }

  func start(at slot: Int) -> LaneView? {
    for lane in lanes.lanes {
      guard let view = LaneView(resuming: lane, of: lanes, slot: slot) else { return nil }
      stands.append(view)
    }
    return stands[0]
  }

  func attached(_ view: LaneView) -> LaneView {
    if stands.count == 1 { prefault(0) }
    return view
  }

  /// A lane has no memory behind it before its first sender comes.
  private func prefault(_ index: Int) {
    guard !isPrefaulted[index] else { return }
    isPrefaulted[index] = true
    lanes.prefault(index)
  }

  func look(after view: LaneView) throws(ChannelError) -> LaneView {
    stands[current] = view
    if view.head != view.published {
      view.lane.publish(
        head: view.head, at: LaneLayout.head, fences: !AsymmetricFence.isRegistered)
      stands[current].published = view.head
    }
    if let found = try lookRound() { return found }
    // What a sender sent before it left is seen when the lanes are looked at once more.
    let hasSender = lanes.senders.contains { lanes.memory(of: $0).isAttached }
    if !hasSender, let found = try lookRound() { return found }
    streak.wait()
    guard !hasSender, hasEnding || lastEnd != nil else { return result(.nothing) }
    // Another may have come and gone meanwhile; then it is looked at next time.
    guard stands.allSatisfy({ $0.lane.tail == $0.head }) else { return result(.nothing) }
    hasEnding = false
    lastEnd = lastEnd ?? .closed
    return result(lastEnd ?? .closed)
  }

  /// Looks at each lane, beginning behind the last one that was read; nil if there is nothing.
  private func lookRound() throws(ChannelError) -> LaneView? {
    for step in 1...stands.count {
      let index = (current + step) % stands.count
      var outcome = try look(at: index)
      // One stream after the other, where there is one sender at a time. Where there are several, an
      // ending is passed: what the next sender has sent behind it may have been sent before we said
      // that we sleep. So often that a peer which writes nothing but endings does not hold us.
      for _ in 0..<4 where outcome == .closed && stands.count > 1 {
        hasEnding = true
        outcome = try look(at: index)
      }
      guard outcome != .nothing, outcome != .closed || stands.count == 1 else { continue }
      current = index
      lastEnd = nil
      if outcome == .messages { take(index) }
      if stands.count == 1 && outcome != .messages { (hasEnding, lastEnd) = (false, outcome) }
      if stands.count > 1 && outcome == .died { hasEnding = true }
      return result(outcome)
    }
    return nil
  }

  /// Settles how much of a lane to read before the others have their turn.
  private func take(_ index: Int) {
    prefault(index)
    let (lane, head, seen) = (stands[index].lane, stands[index].head, stands[index].seenEndings)
    if lane.sender.endings == seen {
      stands[index].tail = lane.ripe(stands[index].tail, after: head, streak) {
        // No further than a sender that leaves.
        let tail = lane.tail
        return lane.sender.endings == seen && tail &- head <= lane.capacity ? tail : 0
      }
    }
    let bytes = stands[index].tail - head
    streak.read(bytes)
    lane.channel.raise(0, ChannelLayout.highWater, to: bytes)
  }

  private func result(_ outcome: LaneView.Outcome) -> LaneView {
    stands[current].outcome = outcome
    return stands[current]
  }

  private func look(at index: Int) throws(ChannelError) -> LaneView.Outcome {
    let lane = stands[index].lane
    let (head, seen) = (stands[index].head, stands[index].seenEndings)
    // Acquire pairs with the sender's release of `tail`: the frames before it are whole. And a new
    // sender publishes after the last one's ending was recorded, so the ending is looked up second.
    var tail = lane.tail
    let endings = lane.sender.endings
    var end = 0
    if endings != seen {
      // The sender may have published and left after we read `tail`, and another may have come and
      // left since. Acquire pairs with the release in `record`: `tail` is then no less.
      end = unsafe lane.position(LaneLayout.senderEndPosition).pointee.load(ordering: .acquiring)
      tail = lane.tail
    }
    guard tail &- head >= 0, tail &- head <= lane.capacity else { throw .corrupt(.position) }
    stands[index].tail = tail
    if endings != seen {
      guard end <= tail else { throw .corrupt(.position) }
      if end > head {
        // Another sender may have come since: stop where the first one ended.
        stands[index].tail = end
        return .messages
      }
      stands[index].seenEndings = endings
      unsafe lane.word(LaneLayout.seenEndings).pointee.store(endings, ordering: .relaxed)
      Step.reach(.endingSeen)
      if end == head {
        let ending = lane.sender.lastEnding
        stands[index].tail = head
        return ending == .closed ? .closed : .died
      }
    }
    if tail != head { return .messages }
    return .nothing
  }

  func hasNews(after view: LaneView) -> Bool {
    stands[current] = view
    return stands.contains { $0.lane.sender.endings != $0.seenEndings || $0.lane.tail != $0.head }
  }
}

extension LaneView {
  /// Where the only receiver of a lane goes on; nil if the lane is damaged. What one that was killed may
  /// have had is marked, and counted.
  init?(resuming lane: LaneMemory, of lanes: LaneSet, slot: Int) {
    guard
      let positions = LanePositions(lane, shape: lanes.shape, unit: lanes.format.positionUnit)
    else { return nil }
    self.init(lane, slot: slot, at: positions.read)
    published = positions.head
    headOffset = LaneLayout.head
    seenEndings = unsafe lane.word(LaneLayout.seenEndings).pointee.load(ordering: .relaxed)
    let receiver = lane.channel.receiver(slot)
    let range = lane.redelivered(
      from: positions.read, to: positions.tail, slot: slot,
      wasKilled: receiver.endings > 0 && receiver.lastEnding == .died)
    guard !range.isEmpty else { return }
    guard let count = Frames(of: lane, lanes.format).count(in: range, before: positions.tail)
    else { return nil }
    redeliveredUpTo = range.upperBound
    lane.channel.count(slot, ChannelLayout.redeliveries, count)
  }
}

extension LaneMemory {
  /// What may have been delivered to those that held `slot`, of what they have left behind: the message
  /// or the batch that one was reading when it was killed. It stays so, however many come and go before
  /// it is read.
  func redelivered(from start: Int, to end: Int, slot: Int, wasKilled: Bool) -> Range<Int> {
    let word = unsafe position(Self.cursor(slot, CursorLayout.handed))
    let stored = unsafe word.pointee.load(ordering: .relaxed)
    let handed = stored <= end ? stored : start
    guard start < end, wasKilled || handed > start else { return start..<start }
    let upTo = max(handed, start + 1)
    unsafe word.pointee.store(upTo, ordering: .relaxed)
    Step.reach(.handedStored)
    return start..<upTo
  }
}
