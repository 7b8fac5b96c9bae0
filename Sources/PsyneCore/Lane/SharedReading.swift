internal import Synchronization

/// Several receivers that take messages from one another: each claims some at a time.
///
/// A claim is what a receiver's cursor shows from `done` to `claimed`, once it is real (see
/// ``LaneMemory/claim(of:given:unit:)``). What a dead receiver has left of its claim belongs to whoever
/// takes its slot next: a new receiver, or one of the others, which then holds two slots for a while.
final class SharedReading: Reading {
  private let lanes: LaneSet
  private let unit: Int
  /// The most messages to claim at a time.
  private let share: Int
  private var slot = 0
  private var current = 0
  private var seenEndings: [UInt32] = []
  private var hasEnding = false
  private var isAtEnd = false
  /// Slots of dead receivers that were taken over, and what is still to be read of their claims.
  private var inherited: [LaneView] = []
  private var adopted: Set<Int> = []
  /// The slot whose claim is being read.
  private var reading = 0
  private let liveness = Liveness()
  /// How many receivers share the lanes, now and then looked up.
  private var receivers = 1
  private var turns = 0
  private var streak = Streak()

  init(_ lanes: LaneSet, share: Int) {
    self.lanes = lanes
    self.share = share
    unit = lanes.format.positionUnit
  }

  func start(at slot: Int) -> LaneView? {
    self.slot = slot
    reading = slot
    for lane in lanes.lanes {
      guard let positions = LanePositions(lane, shape: lanes.shape, unit: unit) else { return nil }
      // The last sender's ending is news to whoever comes while its messages are still there.
      let endings = lane.sender.endings
      seenEndings.append(positions.read == positions.tail || endings == 0 ? endings : endings - 1)
    }
    guard inherit(slot) else { return nil }
    return ownView
  }

  /// Where this receiver stands in its own slot, while it has nothing to read. What it stores there as
  /// read is then what stands there already: in another's slot, or from another position, it would look
  /// like a claim.
  private var ownView: LaneView {
    let lane = lanes.lanes[0]
    let done = unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.done)).pointee
      .load(ordering: .relaxed)
    var view = LaneView(lane, slot: slot, at: done)
    // Closed like this, it must not forget what the dead may have had of a claim that it inherited.
    view.redeliveredUpTo = unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.handed))
      .pointee.load(ordering: .relaxed)
    return view
  }

  func attached(_ view: LaneView) -> LaneView {
    lookAround()
    if lanes.lanes.count == 1 { lanes.prefault(0) }
    return view
  }

  func look(after view: LaneView) throws(ChannelError) -> LaneView {
    finish(view)
    if let view = inherited.popLast() {
      reading = (view.cursor - LaneLayout.cursors) / CursorLayout.bytes
      return view
    }
    releaseAdopted()
    // While others go on sending, one that has died is still news, if all that it sent is claimed.
    if turns % 16 == 0, try hasNewDeath() {
      turns &+= 1
      var idle = ownView
      idle.outcome = .died
      wakeOthersAtEnd()
      return idle
    }
    if let view = try claimNext() { return view }
    // What a sender sent before it left is seen when the lanes are looked at once more.
    let hasSender = hasSender
    if !hasSender, let view = try claimNext() { return view }
    if streak.waits == 0 { lookAround() }
    streak.wait()
    var idle = ownView
    if try hasNewDeath() {
      idle.outcome = .died
      wakeOthersAtEnd()
    }
    if idle.outcome == .nothing, !hasSender, hasEnding || isAtEnd, try isAllRead() {
      if hasEnding { lanes.channel.wakeReceivers(all: true) }
      (hasEnding, isAtEnd) = (false, true)
      idle.outcome = .closed
    }
    return idle
  }

  func wakeOthersAtEnd() {
    if !hasSender { lanes.channel.wakeReceivers(all: true) }
  }

  private var hasSender: Bool { lanes.senders.contains { lanes.memory(of: $0).isAttached } }

  /// Claims from the next lane that has something.
  private func claimNext() throws(ChannelError) -> LaneView? {
    for step in 1...lanes.lanes.count {
      let index = (current + step) % lanes.lanes.count
      guard let view = try claim(from: lanes.lanes[index]) else { continue }
      current = index
      isAtEnd = false
      streak.read(view.tail - view.head)
      turns &+= 1
      // A stream that never ends must not leave what the dead held unread.
      if turns % 16 == 0 {
        lookAround()
        var isDue = false
        liveness.poll { isDue = true }
        if isDue {
          lanes.noticeDeaths(of: lanes.receivers)
          _ = try takeOver()
        }
      }
      return view
    }
    return nil
  }

  /// Looks how many receivers share the lanes.
  private func lookAround() {
    receivers = lanes.receivers.reduce(0) { $0 + (lanes.memory(of: $1).isAttached ? 1 : 0) }
  }

  /// Tells the sender, if it sleeps, that there is room.
  private func finish(_ view: LaneView) {
    guard view.head != view.published else { return }
    view.lane.publish(
      head: view.head, at: view.cursor + CursorLayout.released,
      fences: !AsymmetricFence.isRegistered)
  }

  func hasNews(after view: LaneView) -> Bool {
    !inherited.isEmpty
      || zip(lanes.lanes, seenEndings).contains { lane, seen in
        lane.sender.endings != seen || lane.claimWord().position(unit: unit) != lane.tail
      }
  }
}

// MARK: Claiming

extension SharedReading {
  /// Claims the next messages of a lane; nil if there are none.
  private func claim(from lane: LaneMemory) throws(ChannelError) -> LaneView? {
    let done = unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.done))
    let claimed = unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.claimed))
    var isAnnounced = false
    var start = 0
    var tries = 0
    while true {
      // Each time, another was faster. No peer of ours is so for ever.
      tries += 1
      guard tries < 1 << 16 else { throw .corrupt(.position) }
      let word = lane.claimWord()
      start = word.position(unit: unit)
      var tail = lane.tail
      guard start >= 0, start <= tail, tail - start <= lane.capacity,
        tail < LaneLayout.positionLimit
      else {
        // Or others were faster, and the sender has gone on since we looked.
        guard lane.claimWord() != word else { throw .corrupt(.position) }
        continue
      }
      guard start != tail else { break }
      tail = lane.ripe(tail, after: start, streak) {
        // Another may have claimed it meanwhile.
        lane.claimWord() == word ? lane.tail : 0
      }
      guard tail - start <= lane.capacity else { continue }
      guard let end = end(of: lane, from: start, to: tail) else {
        // Another was faster, and what we looked at was already being overwritten.
        guard lane.claimWord() != word else { throw .corrupt(.length) }
        continue
      }
      // The start first: between the two stores, nothing is announced.
      unsafe done.pointee.store(start, ordering: .relaxed)
      Step.reach(.claimAnnouncedStart)
      // Release pairs with the sender's acquire in `claim(of:given:unit:)`.
      unsafe claimed.pointee.store(end, ordering: .releasing)
      isAnnounced = true
      Step.reach(.claimAnnounced)
      lane.confirm(word, unit: unit)
      Step.reach(.claimConfirmed)
      // Release: whoever reads the word, and acts on it, sees the announcement. Acquire: we see what
      // the sender had published for whoever claimed before us.
      let (isOurs, _) = unsafe lane.long(LaneLayout.claim).pointee.compareExchange(
        expected: word.rawValue,
        desired: ClaimWord(position: end, unit: unit, slot: slot).rawValue,
        ordering: .acquiringAndReleasing)
      guard isOurs else { continue }
      Step.reach(.claimed)
      reading = slot
      var view = LaneView(lane, slot: slot, at: start)
      view.tail = end
      view.outcome = .messages
      lanes.channel.raise(slot, ChannelLayout.highWater, to: tail - start)
      return view
    }
    if isAnnounced {
      unsafe done.pointee.store(start, ordering: .relaxed)
      unsafe claimed.pointee.store(start, ordering: .releasing)
      Step.reach(.claimWithdrawn)
    }
    return nil
  }

  /// A fair part of what is there: with many receivers, each takes little, so that none runs dry
  /// while another sits on a heap.
  private func end(of lane: LaneMemory, from start: Int, to tail: Int) -> Int? {
    let bytes = min((tail - start) / (receivers > 1 ? 2 * receivers : 1), lane.capacity / 8)
    return Frames(of: lane, lanes.format)
      .end(from: start, before: tail, count: share, bytes: bytes)
  }
}

// MARK: What the dead have left

extension SharedReading {
  func takeOver() throws(ChannelError) -> Bool {
    guard lanes.shape.consumers > 1 else { return false }
    for other in 0..<lanes.shape.consumers where other != slot && !adopted.contains(other) {
      guard !lanes.channel.receiver(other).isAttached, leftovers(of: other) else { continue }
      var isWhole = true
      let adoption = try? lanes.adopt(.receiver(other)) { _ in
        isWhole = inherit(other)
        return isWhole
      }
      guard isWhole else { throw .corrupt(.length) }
      if adoption == true { adopted.insert(other) }
    }
    return !inherited.isEmpty
  }

  private func leftovers(of slot: Int) -> Bool {
    lanes.lanes.contains { $0.claim(of: slot, given: $0.claimWord(), unit: unit) != nil }
  }

  /// Takes over what the last holder of `slot` has left, and withdraws what it only announced. Called
  /// under the gate, when nobody holds the slot.
  private func inherit(_ slot: Int) -> Bool {
    let wasKilled = lanes.channel.receiver(slot).lastEnding == .died
    var found: [LaneView] = []
    for lane in lanes.lanes {
      let claim = lane.claim(of: slot, given: lane.claimWord(), unit: unit)
      guard let claim else {
        let position = unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.done)).pointee
          .load(ordering: .relaxed)
        unsafe lane.position(LaneMemory.cursor(slot, CursorLayout.claimed)).pointee
          .store(position, ordering: .releasing)
        Step.reach(.intentCleared)
        continue
      }
      // It is read without another look: all of it must be what a sender can have published.
      let tail = lane.tail
      guard claim.lowerBound >= 0, claim.lowerBound % unit == 0, claim.upperBound <= tail,
        tail < LaneLayout.positionLimit, tail - claim.lowerBound <= lane.capacity
      else { return false }
      var view = LaneView(lane, slot: slot, at: claim.lowerBound)
      view.tail = claim.upperBound
      view.outcome = .messages
      let range = lane.redelivered(
        from: claim.lowerBound, to: claim.upperBound, slot: slot, wasKilled: wasKilled)
      if !range.isEmpty {
        guard
          let count = Frames(of: lane, lanes.format).count(in: range, before: claim.upperBound)
        else { return false }
        view.redeliveredUpTo = range.upperBound
        lanes.channel.count(self.slot, ChannelLayout.redeliveries, count)
      }
      found.append(view)
    }
    inherited += found
    return true
  }

  /// Gives back the slots whose claims are read.
  private func releaseAdopted() {
    guard !adopted.isEmpty else { return }
    for slot in adopted {
      // Left unread by us as well, it is still what a dead receiver may have seen.
      lanes.detach(.receiver(slot), as: leftovers(of: slot) ? .died : .closed)
    }
    adopted = []
  }

  func close() { releaseAdopted() }
}

// MARK: Endings

extension SharedReading {
  /// Whether a sender has died, and all that it sent is claimed. Each receiver is told once.
  private func hasNewDeath() throws(ChannelError) -> Bool {
    for (index, lane) in lanes.lanes.enumerated() where lane.sender.endings != seenEndings[index] {
      // Acquire, in this order: pairs with the release in `record`.
      let endings = lane.sender.endings
      let end = unsafe lane.position(LaneLayout.senderEndPosition).pointee
        .load(ordering: .acquiring)
      guard end <= lane.tail else { throw .corrupt(.position) }
      guard lane.claimWord().position(unit: unit) >= end else { continue }
      seenEndings[index] = endings
      hasEnding = true
      if lane.sender.lastEnding == .died { return true }
    }
    return false
  }

  /// Whether nothing is left to claim, and no receiver could die with something that it holds.
  private func isAllRead() throws(ChannelError) -> Bool {
    for lane in lanes.lanes {
      let tail = lane.tail
      let finished = lane.finished(before: tail, consumers: lanes.shape.consumers, unit: unit)
      guard let finished else { throw .corrupt(.position) }
      if finished != tail { return false }
    }
    return true
  }
}
