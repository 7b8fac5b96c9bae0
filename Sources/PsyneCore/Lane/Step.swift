/// The points between two stores to shared memory at which a process can be killed to see what it
/// leaves behind. Each stands behind the store that it names. They are compiled into test builds only
/// (`scripts/kill-matrix.sh`).
public enum Step: String, CaseIterable, Sendable {
  // A segment
  case segmentBuilt, segmentLinked, partyJoined, segmentRecovered, partyLeft, segmentUnlinked
  // Taking and leaving an end
  case gateTaken, endTaken, endAdopted, prepared, attached, deathRecorded
  case endPositionStored, endingStored, endingCounted, detached, endReleased, endingSeen
  // Sending
  case tailStored, freedStored
  // Receiving
  case doneStored, handedStored, headStored
  // Claiming a share of a lane
  case claimAnnouncedStart, claimAnnounced, claimConfirmed, claimed, claimWithdrawn, intentCleared
  // Broadcast
  case termRetired, termRestored, termDescribed, termOpened, termCurrent, termClosed, evicted
  case slotCleared, termPinned, termUnpinned
  // Sleeping and waking
  case parkAnnounced, parkHinted, parkWithdrawn
  case parkedTaken, receiverRoused, senderTaken, senderRoused

  #if PSYNE_STEPS
    /// Called at each step; set, before any channel is opened, by the process that is to stop there.
    nonisolated(unsafe) public static var handler: (@Sendable (Step) -> Void)?

    @inlinable @inline(__always)
    public static func reach(_ step: Step) { unsafe handler?(step) }
  #else
    @inlinable @_transparent
    public static func reach(_ step: Step) {}
  #endif
}
