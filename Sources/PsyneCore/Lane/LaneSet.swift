internal import Glibc
internal import Synchronization

/// The lanes of a channel and this process's part in them: what a transport hands over.
public final class LaneSet: Sendable {
  public let shape: ChannelShape
  let lanes: [LaneMemory]
  let channel: ChannelMemory
  let format: MessageFormat
  let custody: any ChannelCustody
  /// Every end that there can be.
  let senders: [ChannelEnd]
  let receivers: [ChannelEnd]
  private let mapping: ChannelMapping
  private let ends = Mutex(Ends())
  private let leaving = Mutex(())
  /// Whose part it is. A child made by `fork` shares its parent's memory and locks: what it drops must
  /// not be taken from its parent.
  private let process = getpid()

  private struct Ends {
    /// Those that were attached through this set and not yet detached.
    var attached: Set<ChannelEnd> = []
    var wereLeft = false
  }

  /// - Parameters:
  ///   - mapping: the lanes' memory, which stays mapped for as long as an end of them exists.
  ///   - format: what every party of the channel has agreed to.
  public init(mapping: ChannelMapping, format: MessageFormat, custody: any ChannelCustody) {
    self.mapping = mapping
    self.format = format
    self.custody = custody
    shape = mapping.shape
    lanes = mapping.lanes
    channel = mapping.lanes[0].channel
    senders = (0..<shape.producers).map { .sender($0) }
    receivers = (0..<shape.consumers).map { .receiver($0) }
  }

  deinit { if isOurs { custody.leave() } }
}

// MARK: Ends

extension LaneSet {
  func memory(of end: ChannelEnd) -> EndMemory {
    switch end {
    case .sender(let lane): lanes[lane].sender
    case .receiver(let slot): channel.receiver(slot)
    }
  }

  /// Takes the first of `candidates` that is free.
  ///
  /// - Parameter prepare: called under the gate before the end counts as attached; false if the lanes
  ///   are damaged.
  func attach(
    toOneOf candidates: [ChannelEnd], _ prepare: (ChannelEnd) -> Bool
  ) throws(TransportError) -> ChannelEnd {
    try checkNotLeft()
    for end in candidates where custody.take(end) {
      Step.reach(.endTaken)
      try attach(end, prepare)
      return end
    }
    throw allTaken(candidates)
  }

  /// Takes an end that its last holder's death has freed; false if another was faster.
  func adopt(_ end: ChannelEnd, _ prepare: (ChannelEnd) -> Bool) throws(TransportError) -> Bool {
    try checkNotLeft()
    guard custody.take(end) else { return false }
    Step.reach(.endAdopted)
    try attach(end, prepare)
    return true
  }

  private func checkNotLeft() throws(TransportError) {
    guard !wasLeft else {
      throw TransportError(
        .inUse, "the channel was abandoned, or opened before a fork: open it again")
    }
  }

  private func attach(
    _ end: ChannelEnd, _ prepare: (ChannelEnd) -> Bool
  ) throws(TransportError) {
    do {
      if case .sender(let lane) = end {
        let own = shape.kind == .broadcast ? 0..<shape.lanes : lane..<lane + 1
        try custody.reserve(lanes: own)
        for lane in own where lane > 0 { try mapping.arrange(lane) }
      }
    } catch {
      custody.release(end)
      throw error
    }
    var isSound = false
    let memory = memory(of: end)
    custody.exclusively {
      if memory.isAttached { memory.record(.died) }
      isSound = prepare(end)
      Step.reach(.prepared)
      if isSound { memory.setAttached(true) }
      Step.reach(.attached)
    }
    guard isSound else {
      custody.release(end)
      throw TransportError(
        .corrupt,
        "the channel's positions are impossible: close it everywhere and open it again")
    }
    ends.withLock { _ = $0.attached.insert(end) }
    lanes.wakeEverybody()
  }

  private func allTaken(_ candidates: [ChannelEnd]) -> TransportError {
    let role = "\(candidates[0])"
    var holders: [String] = []
    for holder in candidates.map(custody.holder(of:)) where !holders.contains(holder) {
      holders.append(holder)
    }
    let which = candidates.count == 1 ? "the \(role)" : "each of the \(candidates.count) \(role)s"
    return TransportError(
      .inUse,
      "\(which) of the channel is in use by \(holders.joined(separator: ", "))"
        + (candidates.count == 1 ? "; it can be claimed once" : ""))
  }

  /// Maps a lane's pages now, instead of one by one as messages come.
  func prefault(_ lane: Int) { mapping.prefault(lane) }

  /// Leaves an end. The other side then sees how.
  func detach(_ end: ChannelEnd, as ending: LaneEnding = .closed) {
    detach(end, as: ending, from: nil)
  }

  /// - Parameter shared: the lanes as others see them, where ``lanes`` are a private copy.
  private func detach(_ end: ChannelEnd, as ending: LaneEnding, from shared: [LaneMemory]?) {
    // False: another thread has left for us.
    guard isOurs, ends.withLock({ $0.attached.remove(end) != nil }) else { return }
    custody.exclusively {
      memory(of: end).record(ending)
      guard let shared else { return }
      switch end {
      case .sender(let lane): shared[lane].sender.record(ending)
      case .receiver(let slot): shared[0].channel.receiver(slot).record(ending)
      }
    }
    custody.release(end)
    Step.reach(.endReleased)
    (shared ?? lanes).wakeEverybody()
  }

  /// Leaves every end and the channel. Ends that still exist can then be dropped, nothing more.
  public func leave(as ending: LaneEnding) {
    guard isOurs else { return }
    // One at a time: whoever comes second, and ends the process then, has to wait for the first.
    leaving.withLock { _ in
      let attached = ends.withLock { ends in
        ends.wereLeft = true
        return ends.attached
      }
      // Another thread may be in the middle of a message. The end it holds will be somebody else's.
      let shared = custody.cutOff()
      for end in attached { detach(end, as: ending, from: shared) }
      custody.leave()
    }
  }

  private var isOurs: Bool { getpid() == process }

  /// Whether it was left, and can no longer be used.
  var wasLeft: Bool { !isOurs || ends.withLock { $0.wereLeft } }

  /// Whether an end of it is this process's.
  func isAttachedHere(_ end: ChannelEnd) -> Bool {
    isOurs && ends.withLock { $0.attached.contains(end) }
  }
}

// MARK: Deaths

extension LaneSet {
  /// How many holders of `ends` have left.
  func endings(of ends: [ChannelEnd]) -> UInt32 {
    ends.reduce(0) { $0 &+ memory(of: $1).endings }
  }

  /// How a sleeper learns of the death of those it waits for; nil where nobody can die.
  ///
  /// - Parameter wake: wakes the sleeper, which then records the death itself: that can take a while,
  ///   and whoever calls this has others to wake.
  func peers(
    _ ends: [ChannelEnd], _ wake: @escaping @Sendable (LaneSet) -> Void
  ) -> Parking.Peers? {
    guard custody.partiesCanDie else { return nil }
    return Parking.Peers(
      look: { self.noticeDeaths(of: ends) },
      watch: {
        let before = self.endings(of: ends)
        // Weak: the thread that watches must not be the last to let go of a channel.
        return self.custody.watchParties { [weak self] in
          guard let self else { return }
          // Or somebody else has recorded it, and died before waking us.
          let isNews =
            self.endings(of: ends) != before
            || ends.contains { self.memory(of: $0).isAttached && !self.custody.isHeld($0) }
          if isNews { wake(self) }
        }
      })
  }

  /// Records the death of those who hold `ends`, where they have died.
  func noticeDeaths(of ends: [ChannelEnd]) {
    guard custody.partiesCanDie else { return }
    for end in ends where memory(of: end).isAttached && !custody.isHeld(end) {
      custody.exclusively {
        // Again, now that nobody attaches or leaves meanwhile.
        if memory(of: end).isAttached && !custody.isHeld(end) { memory(of: end).record(.died) }
      }
      Step.reach(.deathRecorded)
      // Others may have waited for what the dead one held.
      lanes.wakeEverybody()
    }
  }
}

extension LaneSet {
  /// Says that the receiver sleeps on its word, for ``awaitWord()``.
  package func announceReceiver() {
    unsafe channel.word(0, ChannelLayout.parked).pointee.store(1, ordering: .relaxed)
  }

  /// Suspends the task until somebody takes the receiver's announcement back.
  package func awaitWord() async {
    while unsafe await Reactor.shared.wait(
      on: channel.word(0, ChannelLayout.parked), expecting: 1) == .timedOut
    {}
  }

  /// Bytes that were sent in the first lane and are not read.
  var unreadBytes: Int { ChannelStatistics(self).unreadBytes }
}

extension LaneSet {
  /// Has a new channel's only lane begin at `position`, as if everything before it had been sent and
  /// read: for one side of a link that goes on where another was. Called before an end is claimed.
  ///
  /// - Parameter position: below ``LaneLayout/positionLimit``, and a multiple of the format's unit.
  package func begin(at position: Int) {
    precondition(shape.kind == .spsc, "the receiver of another kind keeps more than one position")
    let (lane, cursor) = (lanes[0], LaneMemory.cursor(0, CursorLayout.done))
    custody.exclusively {
      // Release pairs with the acquire of whoever claims an end.
      unsafe lane.position(cursor).pointee.store(position, ordering: .releasing)
      unsafe lane.position(LaneLayout.head).pointee.store(position, ordering: .releasing)
      unsafe lane.position(LaneLayout.counted).pointee.store(position, ordering: .releasing)
      unsafe lane.position(LaneLayout.tail).pointee.store(position, ordering: .releasing)
    }
  }
}

extension LaneSet {
  /// For a transport that takes over a channel whose parties are all gone: records how they ended, so
  /// that what they left unread is still received.
  ///
  /// - Returns: false if the channel is damaged and must not be used.
  public func recover() -> Bool {
    for end in senders + receivers where memory(of: end).isAttached {
      memory(of: end).record(.died)
    }
    return lanes.allSatisfy { lane in
      guard let positions = LanePositions(lane, shape: shape, unit: format.positionUnit) else {
        return false
      }
      if positions.read == positions.tail {
        // Nothing is left of the sender that ended: to whoever comes now it is no news.
        unsafe lane.word(LaneLayout.seenEndings).pointee
          .store(lane.sender.endings, ordering: .relaxed)
      }
      return true
    }
  }
}
