internal import Synchronization

/// Where a lane stands, read once from shared memory and found possible.
@usableFromInline
struct LanePositions {
  @usableFromInline let tail: Int
  @usableFromInline let head: Int
  /// Everything before it was read for good: where the next receiver goes on.
  @usableFromInline let read: Int

  /// Nil if no sender and receiver could have left the positions so.
  ///
  /// - Parameter unit: what every position is a multiple of.
  init?(_ memory: LaneMemory, shape: ChannelShape, unit: Int) {
    // Acquire pairs with the releases of whoever moved them last.
    var tail = unsafe memory.position(LaneLayout.tail).pointee.load(ordering: .acquiring)
    guard tail >= 0, tail < LaneLayout.positionLimit, tail % unit == 0 else { return nil }
    switch shape.kind {
    case .spsc, .mpsc:
      head = unsafe memory.position(LaneLayout.head).pointee.load(ordering: .acquiring)
      read = unsafe memory.position(LaneMemory.cursor(0, CursorLayout.done)).pointee
        .load(ordering: .acquiring)
      // `done` is stored before `head`: it can be ahead, never behind.
      guard head >= 0, head <= read, read <= tail else { return nil }
    case .spmc, .mpmc:
      guard
        let finished = memory.finished(before: tail, consumers: shape.consumers, unit: unit)
      else { return nil }
      (head, read) = (finished, finished)
      // A sender that is here goes on meanwhile, and so do the other receivers.
      tail = max(tail, finished)
    case .broadcast:
      (head, read) = (tail, tail)
    }
    self.tail = tail
    guard tail - head <= memory.capacity, head % unit == 0, read % unit == 0 else { return nil }
  }
}
