public import CPsyne
public import Synchronization

/// The sending side of a lane: positions and frames, without types.
///
/// A reservation moves `tail` at once, in a register, as if its loan were sent whole. A loan that is
/// dropped or sent shorter says so in `correction`, which is read with the next reservation: the
/// usual case then costs one load of a line that nobody writes.
@frozen @safe @usableFromInline
struct LaneWriter: @unchecked Sendable {
  // Unchecked: the correction belongs to the one sender that owns it, and moves with it.
  @usableFromInline let lane: LaneMemory
  @usableFromInline let correction: UnsafeMutablePointer<Int>
  /// End of the last frame that was reserved.
  @usableFromInline var tail: Int
  /// Up to where there was room when we last looked at the receiver's head.
  @usableFromInline var limit: Int
  @usableFromInline let fencesPublications: Bool

  /// In `correction`: nothing to correct. No position is negative.
  @inlinable
  static var none: Int { -1 }

  init(_ claim: LaneClaim) {
    lane = claim.lane.memory
    unsafe correction = claim.correction
    fencesPublications = !AsymmetricFence.isRegistered
    tail = claim.positions.tail
    limit = claim.positions.head &+ claim.lane.memory.capacity
  }

  /// The receiver's head when we last looked; `0 ... capacity` behind `tail`.
  @inlinable @inline(__always)
  var head: Int {
    get { limit &- lane.capacity }
    set { limit = newValue &+ lane.capacity }
  }

  /// Whether `bytes` are free after the last frame. False also when the receiver's position is
  /// impossible: the slow path tells.
  @inlinable @inline(__always)
  mutating func hasRoom(for bytes: Int) -> Bool {
    settle()
    if tail &+ bytes <= limit { return true }
    // Acquire pairs with the receiver's release of `head`: what it frees, it has finished reading.
    let found = unsafe lane.position(LaneLayout.head).pointee.load(ordering: .acquiring)
    guard UInt(bitPattern: tail &- found) <= UInt(bitPattern: lane.capacity) else { return false }
    head = found
    return tail &+ bytes <= limit
  }

  /// Moves past the next `bytes`, which are free, and returns where they begin.
  @inlinable @inline(__always)
  mutating func advance(by bytes: Int) -> Int {
    let position = tail
    tail &+= bytes
    return position
  }

  /// Takes back what the last loan did not use.
  @inlinable @inline(__always)
  mutating func settle() {
    if unsafe correction.pointee != Self.none {
      tail = unsafe correction.pointee
      unsafe correction.pointee = Self.none
    }
  }

  /// Makes every frame up to `end` visible and wakes the receiver if it sleeps.
  @inlinable @inline(__always)
  func publish(upTo end: Int) {
    // Release pairs with the receiver's acquire of `tail`: it sees the frames before it.
    unsafe lane.position(LaneLayout.tail).pointee.store(end, ordering: .releasing)
    // The flag is read after the store: in program order here, in memory by the sleeper's barrier.
    cpsyne_compiler_barrier()
    if fencesPublications { atomicMemoryFence(ordering: .sequentiallyConsistent) }
    if unsafe lane.word(LaneLayout.receiverParked).pointee.load(ordering: .relaxed) != 0 {
      lane.wake(LaneLayout.receiverParked)
    }
  }
}
