internal import CPsyne
internal import Synchronization

// Who holds the ends of a lane, and how they were left: the words that only slow paths touch.

extension LaneMemory {
  var tail: Int { unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring) }

  func isAttached(_ end: LaneEnd) -> Bool {
    let offset = end == .sender ? LaneLayout.senderAttached : LaneLayout.receiverAttached
    return unsafe word(offset).pointee.load(ordering: .acquiring) == 1
  }

  func setAttached(_ end: LaneEnd, _ attached: Bool) {
    let offset = end == .sender ? LaneLayout.senderAttached : LaneLayout.receiverAttached
    unsafe word(offset).pointee.store(attached ? 1 : 0, ordering: .releasing)
  }

  func endings(of end: LaneEnd) -> UInt32 {
    let offset = end == .sender ? LaneLayout.senderEndings : LaneLayout.receiverEndings
    return unsafe word(offset).pointee.load(ordering: .acquiring)
  }

  func lastEnding(of end: LaneEnd) -> LaneEnding {
    let offset = end == .sender ? LaneLayout.senderEnding : LaneLayout.receiverEnding
    // Anything else than "closed" was written by nobody who closed.
    return LaneEnding(rawValue: unsafe word(offset).pointee.load(ordering: .relaxed)) ?? .died
  }

  /// Called under ``LaneCustody/exclusively(_:)``.
  func recordEnding(_ ending: LaneEnding, of end: LaneEnd) {
    let isSender = end == .sender
    if isSender {
      // Release pairs with the receiver's acquire: whoever sees where it ended sees the tail there.
      unsafe position(LaneLayout.senderEndPosition).pointee.store(tail, ordering: .releasing)
    }
    unsafe word(isSender ? LaneLayout.senderEnding : LaneLayout.receiverEnding)
      .pointee.store(ending.rawValue, ordering: .relaxed)
    // Release pairs with the acquire in `endings(of:)`: whoever sees the count sees how and where.
    unsafe word(isSender ? LaneLayout.senderEndings : LaneLayout.receiverEndings)
      .pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    setAttached(end, false)
  }

  func wakeEverybody() {
    // What was written before must be seen by whoever announced its sleep before we look: the
    // sleeper's barrier does not cover a process that has not registered, and this path is rare.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    rouse(LaneLayout.receiverParked)
    rouse(LaneLayout.senderParked)
  }

  /// Wakes whoever sleeps on the futex at `offset`, whether or not it is announced: who was waking it
  /// may have died between taking back the announcement and the wake-up.
  private func rouse(_ offset: Int) {
    let word = unsafe word(offset)
    unsafe word.pointee.store(0, ordering: .releasing)
    _ = unsafe cpsyne_futex_wake(word, 1)
  }
}

extension LaneMemory {
  /// For a transport that takes over a lane whose parties are all gone: records how they ended, so
  /// that what they left unread is still received.
  ///
  /// - Parameter format: what the lane carries.
  /// - Returns: false if the lane is damaged and must not be used.
  public func recover(format: MessageFormat) -> Bool {
    guard let positions = LanePositions(self, unit: format.positionUnit) else { return false }
    for end in LaneEnd.allCases where isAttached(end) { recordEnding(.died, of: end) }
    if positions.consumed == positions.tail {
      // Nothing is left of the sender that ended: to whoever comes now it is no news.
      unsafe word(LaneLayout.receiverSeenEndings).pointee
        .store(endings(of: .sender), ordering: .relaxed)
    }
    return true
  }
}
