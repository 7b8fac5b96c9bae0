/// The points between two stores to shared memory at which a process can be killed to see what it
/// leaves behind. They are compiled into test builds only (`PSYNE_STEPS=1 swift build`).
@frozen
public enum Step: String, CaseIterable, Sendable {
  // Sending
  case tailStored, parkedTaken
  // Receiving
  case doneStored, headStored, senderTaken
  // Claiming a share of a lane
  case claimAnnouncedStart, claimAnnounced, claimConfirmed, claimed, claimWithdrawn
  // Taking and leaving an end
  case endTaken, deathRecorded, attached, endingStored, endingCounted, detached, endReleased
  // Broadcast
  case termRetired, termDescribed, termOpened, termCurrent, termClosed, termPinned
  // Sleeping
  case parkAnnounced, parkHinted, parkWithdrawn

  #if PSYNE_STEPS
    /// Called at each step; set by the test that stops a process there.
    nonisolated(unsafe) public static var handler: (@Sendable (Step) -> Void)?

    @inlinable @inline(__always)
    static func reach(_ step: Step) { unsafe handler?(step) }
  #else
    @inlinable @_transparent
    static func reach(_ step: Step) {}
  #endif
}
