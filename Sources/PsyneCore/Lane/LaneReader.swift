public import CPsyne
public import Synchronization

/// The receiving side of a lane: positions and frames, without types.
@frozen @safe @usableFromInline
struct LaneReader: @unchecked Sendable {
  // Unchecked: the correction belongs to the one receiver that owns it, and moves with it.
  @usableFromInline let lane: LaneMemory
  @usableFromInline let fencesPublications: Bool
  /// Where a batch that was left early ended; `LaneWriter.none` else.
  @usableFromInline let correction: UnsafeMutablePointer<Int>
  /// Bytes of head that may be owed before they are published.
  @usableFromInline let step: Int
  /// End of the last frame handed out.
  @usableFromInline var head: Int
  /// What the sender is known to have published.
  @usableFromInline var tail: Int
  /// The head the sender can see.
  @usableFromInline var published: Int
  /// How many senders' endings were reported to the caller.
  @usableFromInline var seenEndings: UInt32
  /// Whether the last thing reported was a sender's ending.
  @usableFromInline var isAtEnd: Bool

  init(_ claim: LaneClaim) {
    lane = claim.lane.memory
    unsafe correction = claim.correction
    fencesPublications = !AsymmetricFence.isRegistered
    step = lane.capacity / 8
    // Where the last receiver got to: what it had finished is not delivered again.
    head = claim.positions.consumed
    tail = claim.positions.consumed
    published = claim.positions.head
    seenEndings =
      unsafe lane.word(LaneLayout.receiverSeenEndings).pointee.load(ordering: .relaxed)
    isAtEnd = false
  }

  /// Whether there is something to read, as far as can be told with two loads.
  @inlinable @inline(__always)
  mutating func refresh() -> Bool {
    // Acquire pairs with the sender's release of `tail`: the frames before it are whole.
    let found = unsafe lane.position(LaneLayout.tail).pointee.load(ordering: .acquiring)
    let endings = unsafe lane.word(LaneLayout.senderEndings).pointee.load(ordering: .relaxed)
    // A sender's ending, no news, and what no sender would publish all go the slow way.
    guard endings == seenEndings,
      UInt(bitPattern: found &- head &- 1) < UInt(bitPattern: lane.capacity)
    else { return false }
    tail = found
    return true
  }

  /// Whether there is something to read, after letting a batch form: a reader that takes each message
  /// as it comes fetches the sender's cache line for each, and slows both down to that.
  @inlinable @inline(__always)
  mutating func refreshBatch() -> Bool {
    guard refresh() else { return false }
    if tail &- head < 512 {
      cpsyne_pause()
      cpsyne_pause()
      _ = refresh()
    }
    return true
  }

  /// Looks again and again for the time that a peer that is awake needs to answer. True when there is
  /// something to read.
  @inlinable @inline(__always)
  mutating func spin() -> Bool {
    for _ in 0..<64 {
      cpsyne_pause()
      if refresh() { return true }
    }
    return false
  }

  /// Takes over what the slow path has found.
  @inlinable @inline(__always)
  mutating func adopt(_ view: LaneView) {
    tail = view.tail
    seenEndings = view.seenEndings
    isAtEnd = view.outcome == .closed || view.outcome == .died
  }

  /// Takes back what was lent. The space goes to the sender when an eighth of the lane is owed:
  /// a store for each message would send the cache line back and forth with the sender.
  @inlinable @inline(__always)
  mutating func finishLent() {
    settle()
    unsafe lane.position(LaneLayout.consumed).pointee.store(head, ordering: .releasing)
    if head &- published >= step { publishHead() }
  }

  /// Goes on behind what a batch handed out.
  @inlinable @inline(__always)
  mutating func settle() {
    if unsafe correction.pointee != LaneWriter.none {
      head = unsafe correction.pointee
      unsafe correction.pointee = LaneWriter.none
    }
  }

  @inlinable @inline(__always)
  mutating func publishHead() {
    published = head
    // Release pairs with the sender's acquire of `head`: we have finished reading what it frees.
    unsafe lane.position(LaneLayout.head).pointee.store(head, ordering: .releasing)
    cpsyne_compiler_barrier()
    if fencesPublications { atomicMemoryFence(ordering: .sequentiallyConsistent) }
    if unsafe lane.word(LaneLayout.senderParked).pointee.load(ordering: .relaxed) != 0 {
      lane.wake(LaneLayout.senderParked)
    }
  }
}

// MARK: Frames

extension LaneReader {
  /// Whether everything that is known to be published was handed out.
  @inlinable @inline(__always)
  var isDry: Bool { tail == head }

  /// Takes the next frame. Nothing in it is trusted but what was checked.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  mutating func take<Body: MessageBody>() throws(ChannelError) -> Message<Body> {
    try lane.message(at: &head, before: tail)
  }

  /// Takes the next messages of a fixed size, as one.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  mutating func take<Body: FixedSizeMessage>(
    upTo count: Int
  ) throws(ChannelError) -> Message<Body> {
    let found = min(count, (tail &- head) / MemoryLayout<Body>.stride)
    guard found > 0 else { throw .corrupt(.length) }
    let start = unsafe UnsafeRawPointer(lane.bytes(at: head))
    head &+= found &* MemoryLayout<Body>.stride
    return unsafe Message(payload: start, count: found, shape: 0)
  }

  /// Counts everything handed out as read, and gives its room back.
  @usableFromInline
  mutating func finishAll() {
    settle()
    unsafe lane.position(LaneLayout.consumed).pointee.store(head, ordering: .releasing)
    unsafe lane.position(LaneLayout.head).pointee.store(head, ordering: .releasing)
  }
}

extension LaneMemory {
  /// Reads the frame at `position`, which lies before `end`, and moves past it.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  func message<Body: MessageBody>(
    at position: inout Int, before end: Int
  ) throws(ChannelError) -> Message<Body> {
    let start = unsafe bytes(at: position)
    let published = end &- position
    if Body.isFixedSize {
      guard published >= MemoryLayout<Body.Element>.stride else { throw .corrupt(.length) }
      position &+= MemoryLayout<Body.Element>.stride
      return unsafe Message(payload: UnsafeRawPointer(start), count: 1, shape: 0)
    }
    // Read once, atomically: the sender could change it between the check and the use.
    let header = unsafe UInt64(
      littleEndian: start.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
        .load(ordering: .relaxed))
    let bytes = Int(header & 0xffff_ffff)
    let frame = Body.frameBytes(payload: bytes)
    guard frame <= published else { throw .corrupt(.length) }
    let payload = unsafe UnsafeRawPointer(start + Body.headerBytes)
    if Body.messageType == .mixed {
      position &+= frame
      return unsafe Message(payload: payload, count: bytes, shape: header >> 32)
    }
    guard header >> 32 == UInt64(Body.messageType.rawValue) else { throw .corrupt(.type) }
    let message: Message<Body> = try unsafe .decode(payload: payload, bytes: bytes)
    position &+= frame
    return message
  }
}
