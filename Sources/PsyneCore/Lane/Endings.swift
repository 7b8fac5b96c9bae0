internal import CPsyne
internal import Synchronization

// Who holds the ends of a channel, and how they were left: the words that only slow paths touch.

/// The words that tell about one end.
@safe
struct EndMemory {
  private let attachedWord: UnsafeMutablePointer<Atomic<UInt32>>
  private let endingWord: UnsafeMutablePointer<Atomic<UInt32>>
  private let endingsWord: UnsafeMutablePointer<Atomic<UInt32>>
  private let lane: LaneMemory?

  init(sender lane: LaneMemory) {
    self.lane = lane
    unsafe attachedWord = lane.word(LaneLayout.senderAttached)
    unsafe endingWord = lane.word(LaneLayout.senderEnding)
    unsafe endingsWord = lane.word(LaneLayout.senderEndings)
  }

  init(receiver slot: Int, of channel: ChannelMemory) {
    lane = nil
    unsafe attachedWord = channel.word(slot, ChannelLayout.attached)
    unsafe endingWord = channel.word(slot, ChannelLayout.ending)
    unsafe endingsWord = channel.word(slot, ChannelLayout.endings)
  }

  /// Acquire pairs with the release of whoever left: what it did before is seen.
  var isAttached: Bool { unsafe attachedWord.pointee.load(ordering: .acquiring) == 1 }

  func setAttached(_ attached: Bool) {
    unsafe attachedWord.pointee.store(attached ? 1 : 0, ordering: .releasing)
  }

  /// Acquire pairs with the release in `record(_:)`: whoever sees the count sees how and where.
  var endings: UInt32 { unsafe endingsWord.pointee.load(ordering: .acquiring) }

  var lastEnding: LaneEnding {
    // Anything else than "closed" was written by nobody who closed.
    LaneEnding(rawValue: unsafe endingWord.pointee.load(ordering: .relaxed)) ?? .died
  }

  /// Called under ``ChannelCustody/exclusively(_:)``.
  func record(_ ending: LaneEnding) {
    if let lane {
      // Release pairs with the receiver's acquire: whoever sees where it ended sees the tail there.
      unsafe lane.position(LaneLayout.senderEndPosition).pointee
        .store(lane.tail, ordering: .releasing)
      Step.reach(.endPositionStored)
    }
    unsafe endingWord.pointee.store(ending.rawValue, ordering: .relaxed)
    Step.reach(.endingStored)
    unsafe endingsWord.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    Step.reach(.endingCounted)
    setAttached(false)
    Step.reach(.detached)
  }
}

extension LaneMemory {
  var tail: Int { unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring) }

  var sender: EndMemory { EndMemory(sender: self) }

  /// Wakes the lane's sender, whether or not it says that it sleeps: who was waking it may have died
  /// between taking back its announcement and the wake-up.
  func wakeSender() {
    let word = unsafe word(LaneLayout.senderParked)
    unsafe word.pointee.store(0, ordering: .releasing)
    Step.reach(.senderRoused)
    _ = unsafe cpsyne_futex_wake(word, 1)
    channel.bell?.roused()
  }
}

extension ChannelMemory {
  func receiver(_ slot: Int) -> EndMemory { EndMemory(receiver: slot, of: self) }

  /// Wakes the receivers that say that they sleep, or all.
  func wakeReceivers(all: Bool = false) {
    for slot in 0..<consumers {
      let word = unsafe word(slot, ChannelLayout.parked)
      guard unsafe all || word.pointee.load(ordering: .relaxed) != 0 else { continue }
      wakeReceiver(slot)
    }
  }

  /// Wakes one receiver, whether or not it says that it sleeps.
  func wakeReceiver(_ slot: Int) {
    let word = unsafe word(slot, ChannelLayout.parked)
    // Release pairs with nothing: the sleeper looks at the lanes again, whatever woke it.
    unsafe word.pointee.store(0, ordering: .releasing)
    Step.reach(.receiverRoused)
    _ = unsafe cpsyne_futex_wake(word, 1)
    bell?.roused()
  }
}

extension [LaneMemory] {
  /// Wakes every party, for rare events: an end is taken or left, or its holder has died.
  func wakeEverybody() {
    // What was written before must be seen by whoever announced its sleep before we look: the
    // sleeper's barrier does not cover a process that has not registered, and this path is rare.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    first?.channel.wakeReceivers(all: true)
    for lane in self { lane.wakeSender() }
    first?.channel.bell?.changed()
  }
}
