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
  /// The lane that is written; a broadcast's changes now and then.
  @usableFromInline var lane: LaneMemory
  @usableFromInline let correction: UnsafeMutablePointer<Correction>
  /// End of the last frame that was reserved.
  @usableFromInline var tail: Int
  /// Up to where there was room when we last looked at what the receivers have freed.
  @usableFromInline var limit: Int
  /// Whether somebody wants to know now and then how far it has come: see ``LaneBell/quantum``.
  @usableFromInline let isPaced: Bool
  /// Messages up to `tail`, where their number does not follow from it.
  @usableFromInline var messages: Int

  /// What the last loan did not use of its reservation.
  @frozen @usableFromInline
  struct Correction {
    /// Where the frames end, or `none`: no position is negative.
    @usableFromInline var tail: Int
    /// Messages that were not sent.
    @usableFromInline var messages: Int

    @inlinable
    static var none: Int { -1 }

    @usableFromInline
    init() { (tail, messages) = (Self.none, 0) }
  }

  init(_ claim: SenderClaim) {
    lane = claim.start.lane
    unsafe correction = claim.correction
    tail = claim.start.tail
    limit = claim.start.limit
    messages = claim.start.messages
    isPaced = claim.quantum != .max
    // What the last sender had left to be counted may be overwritten from here on.
    store(messages, upTo: tail)
  }

  /// Whether `bytes` are free after the last frame. False also when the receiver's position is
  /// impossible: the slow path tells.
  @inlinable @inline(__always)
  mutating func hasRoom(for bytes: Int) -> Bool {
    settle()
    if tail &+ bytes <= limit { return true }
    if isPaced { return false }
    // Acquire pairs with the receiver's release of `head`: what it frees, it has finished reading.
    let found = unsafe lane.position(LaneLayout.head).pointee.load(ordering: .acquiring)
    guard UInt(bitPattern: tail &- found) <= UInt(bitPattern: lane.capacity) else { return false }
    limit = found &+ lane.capacity
    store(messages, upTo: tail)
    return tail &+ bytes <= limit
  }

  /// Moves past the next `bytes`, which are free, and returns where they begin.
  ///
  /// - Parameter count: 1, or 0 where messages need not be counted.
  @inlinable @inline(__always)
  mutating func advance(by bytes: Int, messages count: Int) -> Int {
    let position = tail
    tail &+= bytes
    messages &+= count
    return position
  }

  /// Takes back what the last loan did not use.
  @inlinable @inline(__always)
  mutating func settle() {
    if unsafe correction.pointee.tail != Correction.none {
      tail = unsafe correction.pointee.tail
      messages &-= unsafe correction.pointee.messages
      unsafe correction.pointee = Correction()
    }
  }

  /// Makes every frame up to `end` visible and wakes the receivers that sleep.
  ///
  /// - Parameter counts: false where the number of messages follows from the position: all have the
  ///   same size.
  @inlinable @inline(__always)
  func publish(upTo end: Int, messages: Int, counts: Bool) {
    // Release pairs with the receiver's acquire of `tail`: it sees the frames before it.
    unsafe lane.position(LaneLayout.tail).pointee.store(end, ordering: .releasing)
    Step.reach(.tailStored)
    // The flag is read after the store: in program order here, in memory by the sleeper's barrier.
    cpsyne_compiler_barrier()
    if unsafe lane.word(LaneLayout.receiversParked).pointee.load(ordering: .relaxed) != 0 {
      if counts { store(messages, upTo: end) }
      unsafe LaneMemory.wakeReceivers(lane.word(LaneLayout.receiversParked), lane.hub)
    }
  }

  /// Makes everything visible that was completed, and counts it.
  @inlinable @inline(__always)
  func publishAll(counts: Bool) {
    publish(upTo: tail, messages: messages, counts: counts)
    if counts { store(messages, upTo: tail) }
  }

  /// For statistics. Not for each message: one that finds its receiver awake costs nothing. But before
  /// what was published since could be overwritten: whoever wants to know counts it there (see
  /// ``LaneMemory/messagesSent(_:)``).
  @inlinable @inline(__always)
  func store(_ messages: Int, upTo end: Int) {
    lane.storeCount(messages, upTo: end)
  }
}

extension LaneMemory {
  /// Wakes the receivers that have announced their sleep in a lane, whose hint is `parked`. It is
  /// given no more than it needs: what is handed to a function is written to the stack before.
  @usableFromInline @inline(never)
  static func wakeReceivers(
    _ parked: UnsafeMutablePointer<Atomic<UInt32>>, _ channel: UnsafePointer<ChannelMemory>
  ) {
    if AsymmetricFence.isRegistered {
      // Acquire pairs with the announcing receiver's release: its own word says that it sleeps.
      _ = unsafe parked.pointee.exchange(0, ordering: .acquiringAndReleasing)
    } else {
      // No sleeper's barrier reaches us: we fence for ourselves. The hint stays set, and has us come
      // here after each publication.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
    Step.reach(.parkedTaken)
    unsafe channel.pointee.wakeReceivers()
    unsafe channel.pointee.bell?.published()
  }
}
