internal import Glibc
internal import Synchronization

/// A lane and this process's part in it: what a transport hands to a channel.
public final class Lane: Sendable {
  var memory: LaneMemory { mapping.memory }
  private let mapping: LaneMapping
  let format: MessageFormat
  let custody: any LaneCustody
  private let ends = Mutex(Ends())
  private let leaving = Mutex(())
  /// Whose part it is. A child made by `fork` shares its parent's memory and locks: what it drops must
  /// not be taken from its parent.
  private let process = getpid()

  private struct Ends {
    /// Those that were attached through this lane and not yet detached.
    var attached: Set<LaneEnd> = []
    var wereLeft = false
  }

  /// - Parameters:
  ///   - mapping: the lane's memory, which stays mapped for as long as an end of it exists.
  ///   - format: what every party of the lane has agreed to.
  public init(mapping: LaneMapping, format: MessageFormat, custody: any LaneCustody) {
    self.mapping = mapping
    self.format = format
    self.custody = custody
  }

  deinit { if isOurs { custody.leave() } }
}

// MARK: Ends

extension Lane {
  /// Takes an end, records the death of its last holder where nobody has yet, and returns where the
  /// lane stands.
  func attach(_ end: LaneEnd) throws(TransportError) -> LanePositions {
    guard !wasLeft else {
      throw TransportError(
        .inUse, "the channel was abandoned, or opened before a fork: open it again")
    }
    try custody.take(end)
    var positions: LanePositions?
    custody.exclusively {
      if memory.isAttached(end) { memory.recordEnding(.died, of: end) }
      positions = LanePositions(memory, unit: format.positionUnit)
      if positions != nil { memory.setAttached(end, true) }
    }
    guard let positions else {
      custody.release(end)
      throw TransportError(
        .corrupt,
        "the channel's positions are impossible: close it everywhere and open it again")
    }
    ends.withLock { _ = $0.attached.insert(end) }
    memory.wakeEverybody()
    return positions
  }

  /// Leaves an end. The other side then sees how.
  func detach(_ end: LaneEnd, as ending: LaneEnding = .closed) {
    detach(end, as: ending, from: nil)
  }

  /// - Parameter shared: the lane as others see it, where ``memory`` is a private copy.
  private func detach(_ end: LaneEnd, as ending: LaneEnding, from shared: LaneMemory?) {
    // False: another thread has left for us.
    guard isOurs, ends.withLock({ $0.attached.remove(end) != nil }) else { return }
    custody.exclusively {
      memory.recordEnding(ending, of: end)
      shared?.recordEnding(ending, of: end)
    }
    custody.release(end)
    (shared ?? memory).wakeEverybody()
  }

  /// Leaves both ends and the channel. Ends that still exist can then be dropped, nothing more.
  public func leave(as ending: LaneEnding) {
    guard isOurs else { return }
    // One at a time: whoever comes second, and ends the process then, has to wait for the first.
    leaving.withLock { _ in
      ends.withLock { $0.wereLeft = true }
      // Another thread may be in the middle of a message. The end it holds will be somebody else's.
      let shared = custody.cutOff()
      for end in LaneEnd.allCases { detach(end, as: ending, from: shared) }
      custody.leave()
    }
  }

  private var isOurs: Bool { getpid() == process }

  /// Whether it was left, and can no longer be used.
  var wasLeft: Bool { !isOurs || ends.withLock { $0.wereLeft } }

  /// Whether an end of it is this process's.
  func isAttachedHere(_ end: LaneEnd) -> Bool {
    isOurs && ends.withLock { $0.attached.contains(end) }
  }

  /// Wakes who sleeps in wait for `end`, if its holder has died. It then records the death itself:
  /// that can take a while, and whoever calls this has others to wake.
  func wakeIfDead(_ end: LaneEnd) {
    if memory.isAttached(end) && !custody.isHeld(end) { memory.wakeEverybody() }
  }

  /// Records the death of whoever holds `end`, if it has died.
  func noticeDeath(of end: LaneEnd) {
    guard custody.partiesCanDie, memory.isAttached(end), !custody.isHeld(end) else { return }
    custody.exclusively {
      // Again, now that nobody attaches or leaves meanwhile.
      if memory.isAttached(end) && !custody.isHeld(end) { memory.recordEnding(.died, of: end) }
    }
  }
}
