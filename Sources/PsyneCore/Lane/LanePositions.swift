internal import Synchronization

/// Where a lane stands, read once from shared memory and found possible.
@usableFromInline
struct LanePositions {
  @usableFromInline let tail: Int
  @usableFromInline let head: Int
  @usableFromInline let consumed: Int

  /// Nil if no sender and receiver could have left the positions so.
  ///
  /// - Parameter unit: what every position is a multiple of.
  init?(_ memory: LaneMemory, unit: Int) {
    // Acquire pairs with the releases of whoever moved them last.
    tail = unsafe memory.position(LaneLayout.tail).pointee.load(ordering: .acquiring)
    head = unsafe memory.position(LaneLayout.head).pointee.load(ordering: .acquiring)
    consumed = unsafe memory.position(LaneLayout.consumed).pointee.load(ordering: .acquiring)
    // No lane carries 4 EiB; below that, a position and a frame add up without overflow.
    guard head >= 0, head <= tail, tail < 1 << 62, tail - head <= memory.capacity else {
      return nil
    }
    guard tail % unit == 0, head % unit == 0, consumed % unit == 0 else { return nil }
    // `consumed` is stored before `head`: it can be ahead, never behind.
    guard consumed >= head, consumed <= tail else { return nil }
  }
}
