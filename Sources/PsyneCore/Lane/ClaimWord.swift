internal import Synchronization

/// How far a shared lane has been claimed, and by whom last, in one word that is moved in one step.
struct ClaimWord: Equatable {
  let rawValue: UInt64

  init(rawValue: UInt64) { self.rawValue = rawValue }

  /// - Parameters:
  ///   - unit: what every position of the lane is a multiple of.
  ///   - slot: of the receiver that claimed last.
  init(position: Int, unit: Int, slot: Int) {
    rawValue = UInt64(position / unit) << Self.slotBits | UInt64(slot + 1)
  }

  /// Negative if it lies beyond what any lane carries.
  func position(unit: Int) -> Int {
    let (position, overflow) = Int(rawValue >> Self.slotBits).multipliedReportingOverflow(by: unit)
    return overflow ? -1 : position
  }

  /// Nil if nobody has claimed yet.
  var slot: Int? {
    let slot = Int(rawValue & (1 << Self.slotBits - 1))
    return slot == 0 ? nil : slot - 1
  }

  /// Enough for ``ChannelLayout/maximumParties``. What is left for the position is 2⁵⁸ units: at 8
  /// bytes each, half of what a lane can carry at all.
  private static let slotBits: UInt64 = 6
}

// MARK: Claims of a shared lane

extension LaneMemory {
  func claimWord() -> ClaimWord {
    // Acquire pairs with the release of the claim: the cursor of whoever claimed is seen.
    ClaimWord(rawValue: unsafe long(LaneLayout.claim).pointee.load(ordering: .acquiring))
  }

  /// What the receiver in `slot` holds of the lane; nil if nothing. `word` is the claim word, which
  /// was read before.
  ///
  /// A receiver announces in its cursor what it is about to claim, and then tries to move the claim
  /// word. Its claim is real if it was the last to move the word, or if the one that moved it next has
  /// confirmed it. What is announced and never became real counts as nothing: so a receiver that is
  /// stopped or dies at that point holds nothing back.
  func claim(of slot: Int, given word: ClaimWord, unit: Int) -> Range<Int>? {
    let end = unsafe position(Self.cursor(slot, CursorLayout.claimed)).pointee
      .load(ordering: .acquiring)
    let start = unsafe position(Self.cursor(slot, CursorLayout.done)).pointee
      .load(ordering: .acquiring)
    guard start < end else { return nil }
    if word.slot == slot && word.position(unit: unit) == end { return start..<end }
    let confirmed = unsafe position(Self.cursor(slot, CursorLayout.confirmed)).pointee
      .load(ordering: .acquiring)
    return confirmed >= end ? start..<end : nil
  }

  /// Up to where every receiver has finished; nil where no receivers could have left the lane so.
  ///
  /// - Parameter tail: of the lane, read before. The sender may have gone on since, and the result may
  ///   then be beyond it.
  func finished(before tail: Int, consumers: Int, unit: Int) -> Int? {
    let word = claimWord()
    var finished = word.position(unit: unit)
    guard (0..<LaneLayout.positionLimit).contains(tail),
      (0..<LaneLayout.positionLimit).contains(finished), finished <= self.tail,
      tail - finished <= capacity
    else { return nil }
    for slot in 0..<consumers {
      guard let claim = claim(of: slot, given: word, unit: unit) else { continue }
      guard claim.lowerBound >= 0, claim.lowerBound >= tail - capacity,
        claim.lowerBound % unit == 0
      else { return nil }
      finished = min(finished, claim.lowerBound)
    }
    return finished
  }

  /// Says that the claim that `word` tells of has succeeded, before the word is moved on.
  func confirm(_ word: ClaimWord, unit: Int) {
    guard let slot = word.slot, slot < channel.consumers else { return }
    let end = word.position(unit: unit)
    let confirmed = unsafe position(Self.cursor(slot, CursorLayout.confirmed))
    var value = unsafe confirmed.pointee.load(ordering: .relaxed)
    // Only ever raised: one that was stopped here for long has an old end to tell.
    while value < end {
      let (done, found) = unsafe confirmed.pointee.compareExchange(
        expected: value, desired: end, ordering: .acquiringAndReleasing)
      if done { return }
      value = found
    }
  }
}
