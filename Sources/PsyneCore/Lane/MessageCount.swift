public import Synchronization

// How many messages were published, where frames differ in size. The sender counts now and then: what it has
// published since is still in the lane, and counted there by whoever wants to know.

extension LaneMemory {
  /// Says that so many messages were published up to `end`. Called before what was published behind the last
  /// count can be overwritten.
  @inlinable @inline(__always)
  func storeCount(_ messages: Int, upTo end: Int) {
    let counted = unsafe position(LaneLayout.counted)
    unsafe counted.pointee.store(LaneLayout.counting, ordering: .relaxed)
    // Pairs with the fence of whoever counts: who reads the number that follows, or a frame that is written
    // later, does not find the last position afterwards.
    atomicMemoryFence(ordering: .releasing)
    unsafe position(LaneLayout.messages).pointee.store(messages, ordering: .relaxed)
    // Release pairs with the acquire of whoever counts: the number is no older than the position.
    unsafe counted.pointee.store(end, ordering: .releasing)
  }

  /// How many messages were published: those that the sender has counted, and those behind them; or without
  /// those that it has staged.
  ///
  /// - Parameter count: how many frames begin in a range of the lane; nil if that cannot be said.
  func messagesSent(_ format: MessageFormat, count: (Range<Int>) -> Int?) -> Int {
    let word = unsafe position(LaneLayout.counted)
    // A sender that is busy counts meanwhile, and then overwrites what we look at.
    for _ in 0..<4 {
      // Acquire pairs with the sender's release: the number is no older than the position.
      let counted = unsafe word.pointee.load(ordering: .acquiring)
      let messages = storedCount
      guard let range = uncounted(from: counted, format) else { continue }
      let more = count(range)
      // Pairs with the sender's: see there.
      atomicMemoryFence(ordering: .acquiring)
      guard let more, unsafe word.pointee.load(ordering: .relaxed) == counted else { continue }
      return counted == range.lowerBound ? messages &+ more : messages &- more
    }
    return storedCount
  }

  /// The same, counted in the lane. O(what was published since the sender has counted).
  func messagesSent(_ format: MessageFormat) -> Int {
    let frames = Frames(of: self, format)
    return messagesSent(format) { frames.count(in: $0, before: $0.upperBound) }
  }

  private var storedCount: Int {
    unsafe position(LaneLayout.messages).pointee.load(ordering: .relaxed)
  }

  /// From `counted` to the tail, or back to it; nil if no sender has left them so.
  private func uncounted(from counted: Int, _ format: MessageFormat) -> Range<Int>? {
    let (tail, unit, possible) = (tail, format.positionUnit, 0..<LaneLayout.positionLimit)
    guard possible.contains(counted), possible.contains(tail), counted % unit == 0,
      tail % unit == 0, abs(tail - counted) <= capacity
    else { return nil }
    return min(counted, tail)..<max(counted, tail)
  }
}
