internal import Synchronization

/// A receiver that sees every message of a broadcast, as long as it keeps up.
final class BroadcastReading: Reading {
  private let lanes: LaneSet
  private var slot = 0
  /// The term that is read and pinned; 0 before there is one.
  private var term: UInt64 = 0
  private var seenEndings: UInt32 = 0
  private var isPrefaulted: [Bool]
  /// What was reported last, if it was an end: asked again, it is reported again.
  private var lastEnd: LaneView.Outcome?

  /// Where the sender stood before it could see us: the term, 0 if there was none, and its tail, nil if
  /// it was going on to another.
  private var joined: (term: UInt64, tail: Int?) = (0, nil)

  init(_ lanes: LaneSet) {
    self.lanes = lanes
    isPrefaulted = Array(repeating: false, count: lanes.lanes.count)
  }

  func start(at slot: Int) -> LaneView? {
    self.slot = slot
    seenEndings = lanes.lanes[0].sender.endings
    unsafe lanes.channel.word(slot, ChannelLayout.evicted).pointee.store(0, ordering: .relaxed)
    // Acquire pairs with the release of whoever opened the term.
    let newest = unsafe lanes.channel.term.pointee.load(ordering: .acquiring)
    // Pinned from before the sender can see us: one that has waited for us, and blocks, keeps all that
    // it sends from then on.
    unsafe lanes.lanes[0].long(LaneMemory.cursor(slot, CursorLayout.pinned)).pointee
      .store(max(1, newest), ordering: .relaxed)
    Step.reach(.slotCleared)
    let lane = lanes.lanes.first { newest > 0 && $0.term == newest }
    joined = (newest, lane?.tail)
    return LaneView(lanes.lanes[0], slot: slot, at: 0)
  }

  /// A receiver hears what is sent from when the sender can have seen it. If the term of that moment was
  /// given up before, it begins with the oldest that is left.
  func attached(_ view: LaneView) -> LaneView {
    // See `BroadcastTerms.retire`.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    var (number, head) = (max(1, joined.term), joined.tail)
    for _ in 0..<Self.tries {
      if let index = pin(number) { return begin(view, in: lanes.lanes[index], at: head) }
      // Acquire pairs with the release of whoever opened the term.
      let newest = unsafe lanes.channel.term.pointee.load(ordering: .acquiring)
      if newest == 0 { return view }
      guard let next = lanes.lanes.map(\.term).filter({ $0 > number }).min() else { continue }
      (number, head) = (next, nil)
    }
    return view
  }

  /// Begins in the pinned term at `head`, or with all of it; where that is impossible, `look` finds out.
  private func begin(_ view: LaneView, in lane: LaneMemory, at head: Int?) -> LaneView {
    let start = unsafe lane.position(LaneLayout.termStart).pointee.load(ordering: .relaxed)
    let head = head ?? start
    let tail = lane.tail
    guard start >= 0, start <= head, head <= tail, tail - start <= lane.capacity,
      tail < LaneLayout.positionLimit, head % lanes.format.positionUnit == 0
    else {
      term = 0
      return view
    }
    var view = view
    view.lane = lane
    view.senderOffset = senderOffset(from: lane)
    (view.head, view.tail, view.published) = (head, head, head)
    unsafe lane.position(view.cursor + CursorLayout.done).pointee.store(head, ordering: .releasing)
    // A sender that drains has waited for this since it could see us. A fence, as it may sleep.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    wakeSender()
    return view
  }

  func look(after view: LaneView) throws(ChannelError) -> LaneView {
    try look(after: view, tries: 0)
  }

  /// - Parameter tries: how often it was said that there is more, and there was not.
  private func look(after view: LaneView, tries: Int) throws(ChannelError) -> LaneView {
    var view = view
    view.outcome = .nothing
    if view.head != view.published {
      view.published = view.head
      // One that drains waits for just this.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      wakeSender()
    }
    if unsafe lanes.channel.word(slot, ChannelLayout.evicted).pointee.load(ordering: .acquiring)
      != 0
    {
      view.outcome = .evicted
      return view
    }
    while true {
      let tail = view.lane.tail
      let end = term == 0 ? view.head : view.lane.termEnd
      guard
        term == 0
          || tail >= view.head && tail - view.head <= view.lane.capacity
            && tail < LaneLayout.positionLimit
      else { throw .corrupt(.position) }
      if term > 0 && tail != view.head {
        view.tail = tail
        view.outcome = .messages
        lastEnd = nil
        lanes.channel.raise(slot, ChannelLayout.highWater, to: tail - view.head)
        return view
      }
      guard end != -1 else { break }
      // The sender closes a term after it has published all of it: look once more.
      guard end == view.head else {
        guard view.lane.tail != view.head else { throw .corrupt(.position) }
        continue
      }
      guard let lost = try goOn(&view) else { break }
      guard lost == 0 else {
        lanes.channel.count(slot, ChannelLayout.lost, lost)
        view.outcome = .lost(lost)
        return view
      }
    }
    let sender = lanes.lanes[0].sender
    let endings = sender.endings
    if endings != seenEndings {
      // It may have sent more before it left, after we looked, here or in another term: that comes
      // first, and then we are here again.
      guard isAtEnd(view) else {
        guard tries < 64 else { throw .corrupt(.position) }
        return try look(after: view, tries: tries + 1)
      }
      seenEndings = endings
      lastEnd = sender.lastEnding == .closed ? .closed : .died
      view.outcome = sender.lastEnding == .closed ? .closed : .died
    } else if let lastEnd, !sender.isAttached {
      view.outcome = lastEnd
    }
    return view
  }

  /// Whether everything is read, in the last term that there is.
  private func isAtEnd(_ view: LaneView) -> Bool {
    guard term > 0 else { return lanes.lanes.allSatisfy { $0.term == 0 } }
    // In this order: a term is closed after all of it is published.
    return view.lane.termEnd == -1 && view.lane.tail == view.head
  }

  func close() {
    unsafe lanes.lanes[0].long(LaneMemory.cursor(slot, CursorLayout.pinned)).pointee
      .store(0, ordering: .releasing)
    Step.reach(.termUnpinned)
  }

  func hasNews(after view: LaneView) -> Bool {
    lanes.lanes[0].sender.endings != seenEndings || view.lane.tail != view.head
  }
}

// MARK: Terms

extension BroadcastReading {
  /// Goes on to the next term that there is, and returns how many messages lie between; nil if there
  /// is none yet.
  private func goOn(_ view: inout LaneView) throws(ChannelError) -> Int? {
    let read =
      term == 0
      ? 0
      : unsafe view.lane.position(LaneLayout.termEndMessages).pointee.load(ordering: .relaxed)
    let last = term
    for _ in 0..<Self.tries {
      let following = lanes.lanes.map(\.term).filter { $0 > last }
      // The next one, or the oldest that is left.
      guard let next = following.min() else {
        // All are being given up and reopened while we look; the newest was there before.
        guard last > 0 else { return nil }
        let newest = unsafe lanes.channel.term.pointee.load(ordering: .acquiring)
        guard newest > last else { throw .corrupt(.position) }
        continue
      }
      guard let index = pin(next) else { continue }
      let lane = lanes.lanes[index]
      let start = unsafe lane.position(LaneLayout.termStart).pointee.load(ordering: .relaxed)
      let before = unsafe lane.position(LaneLayout.termMessages).pointee.load(ordering: .relaxed)
      let tail = lane.tail
      guard start >= 0, start <= tail, tail - start <= lane.capacity, read >= 0, before >= read,
        tail < LaneLayout.positionLimit, start % lanes.format.positionUnit == 0
      else { throw .corrupt(.position) }
      view.lane = lane
      view.senderOffset = senderOffset(from: lane)
      (view.head, view.tail, view.published) = (start, start, start)
      // One that drains looks here, if nothing is ever sent in this term. A fence, as it may sleep.
      unsafe lane.position(view.cursor + CursorLayout.done).pointee
        .store(start, ordering: .releasing)
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      wakeSender()
      return last == 0 ? 0 : before - read
    }
    throw .corrupt(.position)
  }

  /// How often to look again for a term that is said to be there. A sender gives up one or two while
  /// we look; that one is always faster than we are is not to be expected.
  private static var tries: Int { 1 << 12 }

  /// Keeps a term from being given up; nil if it was already.
  private func pin(_ number: UInt64) -> Int? {
    guard let index = lanes.lanes.firstIndex(where: { $0.term == number }) else { return nil }
    // Release: what we have read of the last term is read before it may be overwritten.
    unsafe lanes.lanes[0].long(LaneMemory.cursor(slot, CursorLayout.pinned)).pointee
      .store(number, ordering: .releasing)
    Step.reach(.termPinned)
    // See `BroadcastTerms.retire`.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard lanes.lanes[index].term == number else { return nil }
    term = number
    if !isPrefaulted[index] {
      isPrefaulted[index] = true
      lanes.prefault(index)
    }
    return index
  }

  private func senderOffset(from lane: LaneMemory) -> Int {
    lane.distance(to: lanes.lanes[0]) + LaneLayout.senderParked
  }

  /// A sender that waits for its receivers sleeps on the first lane.
  private func wakeSender() {
    // What was stored before was followed by a fence, which orders it before this load.
    let word = unsafe lanes.lanes[0].word(LaneLayout.senderParked)
    guard unsafe word.pointee.load(ordering: .relaxed) != 0 else { return }
    unsafe LaneMemory.wakeParkedSender(word, lanes.lanes[0].hub)
  }
}
