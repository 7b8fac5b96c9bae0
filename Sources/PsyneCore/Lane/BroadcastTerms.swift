internal import Synchronization

/// The lanes of a broadcast as its sender uses them: one after the other, each for a term.
///
/// A sender fills a lane from the position where it stands, and goes on in another when the next message
/// does not fit. A receiver pins the term that it reads, so that a message that is lent is never
/// overwritten, and nothing is shared for each message. There are two lanes more than receivers: even if
/// each pins one, there is one to go on in. What the receivers have lost when a term is given up is known
/// from the terms' message numbers.
///
/// A term is opened before the last one is closed, each in one store: whoever takes over from a dead
/// sender finds the last term that was opened, and closes the others.
final class BroadcastTerms {
  private let lanes: LaneSet
  private var current = 0
  private var start = 0
  /// Of the current term. Not read again: a peer could have changed it since.
  private var number: UInt64 = 0
  private var isPrefaulted: [Bool]
  /// What to do about receivers that do not keep up.
  var policy = SlowReaderPolicy.block

  init(_ lanes: LaneSet) {
    self.lanes = lanes
    isPrefaulted = Array(repeating: false, count: lanes.lanes.count)
  }

  /// Goes on where the last sender stopped; nil if the lanes are damaged. Called under the gate.
  func resume() -> Room? {
    let unit = lanes.format.positionUnit
    for lane in lanes.lanes {
      guard LanePositions(lane, shape: lanes.shape, unit: unit) != nil,
        lane.lastTerm < LaneLayout.positionLimit
      else { return nil }
    }
    guard let newest = lanes.lanes.indices.max(by: { lanes.lanes[$0].term < lanes.lanes[$1].term }),
      lanes.lanes[newest].term > 0
    else {
      guard open(0, number: 1, messages: 0) else { return nil }
      return Room(
        lane: lanes.lanes[0], tail: start, limit: start + lanes.shape.capacity, messages: 0)
    }
    current = newest
    let lane = lanes.lanes[newest]
    number = lane.term
    let tail = lane.tail
    start = unsafe lane.position(LaneLayout.termStart).pointee.load(ordering: .relaxed)
    let before = unsafe lane.position(LaneLayout.termMessages).pointee.load(ordering: .relaxed)
    guard start >= 0, start <= tail, tail - start <= lane.capacity, start % unit == 0,
      tail < LaneLayout.positionLimit, before >= 0, before < 1 << 62, number > 0,
      number < UInt64(LaneLayout.positionLimit),
      let sent = Frames(of: lane, lanes.format).count(in: start..<tail, before: tail)
    else { return nil }
    for (index, other) in lanes.lanes.enumerated() where index != newest && other.isTermOpen {
      close(index, messages: before)
    }
    unsafe lanes.channel.term.pointee.store(number, ordering: .releasing)
    lanes.prefault(newest)
    isPrefaulted[newest] = true
    return Room(
      lane: lane, tail: tail, limit: start + lane.capacity, messages: before + sent)
  }

  /// Room for `bytes` after `tail`, up to which everything is published; nil if there is none now.
  func room(for bytes: Int, after tail: Int, messages: Int) throws(ChannelError) -> Room? {
    let limit = start + lanes.shape.capacity
    if tail + bytes <= limit {
      return Room(lane: lanes.lanes[current], tail: tail, limit: limit, messages: messages)
    }
    guard let next = findLane() else { return nil }
    let messages = sent(messages)
    let last = current
    guard open(next, number: number + 1, messages: messages) else { throw .corrupt(.position) }
    close(last, messages: messages)
    return Room(
      lane: lanes.lanes[next], tail: start, limit: start + lanes.shape.capacity, messages: messages)
  }
}

extension BroadcastTerms {
  /// Whether every receiver has read all of the current term, up to `tail`.
  func areAllRead(before tail: Int) -> Bool {
    (0..<lanes.shape.consumers).allSatisfy { slot in
      guard lanes.channel.receiver(slot).isAttached else { return true }
      let pinned = lanes.lanes[0].pinned(by: slot)
      guard pinned == number else { return pinned == 0 }
      let done = unsafe lanes.lanes[current].position(LaneMemory.cursor(slot, CursorLayout.done))
        .pointee.load(ordering: .acquiring)
      return done == tail
    }
  }
}

extension BroadcastTerms {
  /// How many messages were sent: counted, or as the positions say where all have the same size.
  private func sent(_ counted: Int) -> Int {
    guard lanes.format.isFixedSize else { return counted }
    return lanes.lanes.reduce(0) { $0 &+ $1.tail } / lanes.format.elementSize
  }
}

// MARK: Opening and closing

extension BroadcastTerms {
  /// False, and nothing has changed, if the lane's positions are impossible.
  private func open(_ index: Int, number: UInt64, messages: Int) -> Bool {
    if !isPrefaulted[index] {
      isPrefaulted[index] = true
      lanes.prefault(index)
    }
    let lane = lanes.lanes[index]
    let tail = lane.tail
    guard tail >= 0, tail < LaneLayout.positionLimit, tail % lanes.format.positionUnit == 0 else {
      return false
    }
    (current, start, self.number) = (index, tail, number)
    unsafe lane.position(LaneLayout.termStart).pointee.store(start, ordering: .relaxed)
    unsafe lane.position(LaneLayout.termMessages).pointee.store(messages, ordering: .relaxed)
    unsafe lane.position(LaneLayout.termEnd).pointee.store(-1, ordering: .relaxed)
    unsafe lane.position(LaneLayout.head).pointee.store(start, ordering: .relaxed)
    Step.reach(.termDescribed)
    // Release pairs with the receiver's acquire: whoever finds the term sees what it is.
    unsafe lane.long(LaneLayout.term).pointee.store(number, ordering: .releasing)
    Step.reach(.termOpened)
    // For receivers that come now. Release, likewise.
    unsafe lanes.channel.term.pointee.store(number, ordering: .releasing)
    Step.reach(.termCurrent)
    return true
  }

  private func close(_ index: Int, messages: Int) {
    let lane = lanes.lanes[index]
    unsafe lane.position(LaneLayout.termEndMessages).pointee.store(messages, ordering: .relaxed)
    // Release pairs with the receiver's acquire: it sees that another term was opened before.
    unsafe lane.position(LaneLayout.termEnd).pointee.store(lane.tail, ordering: .releasing)
    Step.reach(.termClosed)
  }

  /// A lane to go on in; nil while it has to wait for a receiver.
  private func findLane() -> Int? {
    // One lane is pinned by nobody at any time, but which one can change while we look. More often than
    // this only for pins that no receiver sets.
    let tries = policy == .block ? 1 : 1 << 12
    for _ in 0..<tries {
      if let index = freeLane(policy) { return index }
    }
    return nil
  }

  /// A lane whose term may be given up, and is.
  private func freeLane(_ policy: SlowReaderPolicy) -> Int? {
    // Oldest first: what receivers lose is then the oldest.
    let candidates = lanes.lanes.indices.filter { $0 != current }
      .sorted { lanes.lanes[$0].lastTerm < lanes.lanes[$1].lastTerm }
    // One that nobody needs, and was used already, is warm; one that never was takes memory.
    let unneeded = candidates.filter { lanes.lanes[$0].lastTerm > 0 && !isNeeded($0) }
    let fresh = candidates.filter { lanes.lanes[$0].lastTerm == 0 }
    for index in unneeded + fresh where retire(index) { return index }
    guard policy != .block else { return nil }
    for index in candidates where !isPinned(lanes.lanes[index].lastTerm) {
      let term = lanes.lanes[index].lastTerm
      guard retire(index) else { continue }
      if policy == .evict { evict(before: term) }
      return index
    }
    return nil
  }

  /// Makes sure that no receiver pins the term any more; false if one does.
  private func retire(_ index: Int) -> Bool {
    let lane = lanes.lanes[index]
    let term = lane.lastTerm
    guard term > 0 else { return true }
    // Given up by a sender that died before it looked who pins it. Somebody may, and it cannot be had
    // back: what it was may be overwritten already.
    guard lane.term == term else { return !isPinned(term) }
    // The number stays readable: whoever takes over from us, should we die here, has to know it.
    unsafe lane.long(LaneLayout.term).pointee
      .store(term | LaneMemory.retired, ordering: .relaxed)
    Step.reach(.termRetired)
    // A receiver pins a term and then looks whether it is still there; we take it away and then look
    // whether it is pinned. With a fence on either side, one of the two sees the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard isPinned(term) else { return true }
    unsafe lane.long(LaneLayout.term).pointee.store(term, ordering: .releasing)
    Step.reach(.termRestored)
    return false
  }

  private var pins: [UInt64] {
    (0..<lanes.shape.consumers).compactMap { slot in
      guard lanes.channel.receiver(slot).isAttached else { return nil }
      let pinned = lanes.lanes[0].pinned(by: slot)
      // One that is about to leave has none any more.
      return pinned == 0 ? nil : pinned
    }
  }

  private func isPinned(_ term: UInt64) -> Bool { pins.contains(term) }

  /// Whether a receiver still has to read the lane's term.
  private func isNeeded(_ index: Int) -> Bool {
    pins.contains { $0 <= lanes.lanes[index].lastTerm }
  }

  /// Ends the reading of those that have not come as far as `term`.
  private func evict(before term: UInt64) {
    for slot in 0..<lanes.shape.consumers where lanes.channel.receiver(slot).isAttached {
      let pinned = lanes.lanes[0].pinned(by: slot)
      guard pinned != 0, pinned < term else { continue }
      unsafe lanes.channel.word(slot, ChannelLayout.evicted).pointee.store(1, ordering: .releasing)
      Step.reach(.evicted)
    }
  }
}

extension LaneMemory {
  /// Set in the number of a term that is given up.
  static let retired: UInt64 = 1 << 63

  /// Number of the term in this lane; 0 if there is none.
  var term: UInt64 {
    // Acquire pairs with the release of whoever opened it.
    let term = unsafe long(LaneLayout.term).pointee.load(ordering: .acquiring)
    return term & Self.retired == 0 ? term : 0
  }

  /// The same, or of the term that was in it before it was given up.
  var lastTerm: UInt64 {
    unsafe long(LaneLayout.term).pointee.load(ordering: .acquiring) & ~Self.retired
  }

  /// Where the lane's term ends; -1 while it is open.
  var termEnd: Int {
    // Acquire pairs with the release of whoever closed it: everything before it is published.
    unsafe position(LaneLayout.termEnd).pointee.load(ordering: .acquiring)
  }

  var isTermOpen: Bool { term > 0 && termEnd == -1 }

  /// The term that the receiver in `slot` reads. Kept in the cursors of the first lane.
  func pinned(by slot: Int) -> UInt64 {
    unsafe long(Self.cursor(slot, CursorLayout.pinned)).pointee.load(ordering: .acquiring)
  }
}
