internal import Synchronization

extension LaneMemory {
  /// How many messages were published, where frames differ in size: those that the sender has counted, and
  /// those behind them, which are still in the lane; or without those that it has staged. O(those).
  func messagesSent(_ format: MessageFormat) -> Int {
    let frames = Frames(of: self, format)
    let word = unsafe position(LaneLayout.counted)
    var messages = 0
    // A sender that is busy counts meanwhile, and then overwrites what we look at.
    for _ in 0..<4 {
      // Acquire pairs with the sender's release: the number is no older than the position.
      let counted = unsafe word.pointee.load(ordering: .acquiring)
      messages = unsafe position(LaneLayout.messages).pointee.load(ordering: .relaxed)
      let tail = tail
      let (start, end) = (min(counted, tail), max(counted, tail))
      guard start >= 0, counted % format.positionUnit == 0, end - start <= capacity
      else { continue }
      let frames = frames.count(in: start..<end, before: end)
      // What was read before is not read after it.
      atomicMemoryFence(ordering: .acquiring)
      guard let frames, unsafe word.pointee.load(ordering: .relaxed) == counted else { continue }
      return counted <= tail ? messages &+ frames : messages &- frames
    }
    return messages
  }
}
