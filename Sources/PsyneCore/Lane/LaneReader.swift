public import CPsyne
public import Synchronization

/// The receiving side of a lane: positions and frames, without types.
@frozen @safe @usableFromInline
struct LaneReader: @unchecked Sendable {
  // Unchecked: the correction belongs to the one receiver that owns it, and moves with it.
  /// What is read now, and what was read of it: `head` is the end of the last frame handed out, `tail`
  /// the end of what the sender is known to have published, or of what was claimed.
  @usableFromInline var view: LaneView
  @usableFromInline let fencesPublications: Bool
  /// Where a batch that was left early ended; `LaneWriter.Correction.none` else. Less than that, by as much
  /// as positions can be, where it found what cannot be a message.
  @usableFromInline let correction: UnsafeMutablePointer<Int>
  /// Bytes of head that may be owed before they are published.
  @usableFromInline var step: Int
  /// Up to where messages are handed out without a further thought: `tail`, or before it the
  /// position at which an eighth of the lane is owed. One comparison a message instead of two.
  @usableFromInline var limit: Int
  /// The head when `tail` was last read.
  @usableFromInline var batchStart: Int
  /// Whether the channel has one lane and one receiver, which looks for messages by itself.
  @usableFromInline let isSingle: Bool

  init(_ claim: ReceiverClaim) {
    view = claim.start
    unsafe correction = claim.correction
    fencesPublications = !AsymmetricFence.isRegistered
    step = view.lane.capacity / 8
    limit = view.head
    batchStart = view.head
    isSingle = claim.lanes.shape.kind == .spsc
  }

  @inlinable @inline(__always)
  var lane: LaneMemory { view.lane }

  @inlinable @inline(__always)
  var head: Int {
    get { view.head }
    set { view.head = newValue }
  }

  @inlinable @inline(__always)
  var tail: Int { view.tail }

  /// Gives back what is finished, looks for messages and lets a batch form. Called when everything
  /// that was known of is handed out; true when there is something to read.
  ///
  /// - Parameter looks: how often to look at most before it is false.
  @inlinable @inline(__always)
  mutating func fetch(looks: Int) -> Bool {
    let found = lane.fetch(
      after: head, owed: head &- view.published, read: head &- batchStart,
      seenEndings: view.seenEndings, looks: looks, fences: fencesPublications)
    view.published = head
    guard found >= 0 else { return false }
    batchStart = head
    view.tail = found
    limit = min(found, head &+ step)
    return true
  }

  /// Counts what was lent as read. True when there is more that can be handed out at once.
  ///
  /// The space goes to the sender when an eighth of the lane is owed: a store for each message would
  /// send the cache line back and forth with the sender.
  @inlinable @inline(__always)
  mutating func finishLent() -> Bool {
    if head < limit {
      storeDone()
      return true
    }
    settle()
    storeDone()
    guard head != tail else { return false }
    publishHead()
    return true
  }

  /// Says that everything before `head` is read for good.
  @inlinable @inline(__always)
  func storeDone() {
    // Release pairs with the acquire of whoever frees the room: we have finished reading.
    unsafe lane.position(view.cursor &+ CursorLayout.done).pointee.store(head, ordering: .releasing)
    Step.reach(.doneStored)
  }

  /// Lends a batch, which says in `correction` where it ended: the next call settles first.
  @inlinable @inline(__always)
  mutating func lendBatch(upTo end: Int) {
    limit = .min
    // For whoever reads on, should this process die: all of it may have been handed out.
    let handed = max(end, view.redeliveredUpTo)
    unsafe lane.position(view.cursor &+ CursorLayout.handed).pointee
      .store(handed, ordering: .relaxed)
    Step.reach(.handedStored)
  }

  /// Takes over what the slow path has found.
  @inlinable @inline(__always)
  mutating func adopt(_ found: LaneView) {
    view = found
    // A receiver of many connections begins at a lane in which nothing ever comes, a small one.
    step = found.lane.capacity / 8
    batchStart = found.head
    limit = min(found.tail, found.head &+ step)
  }

  /// Goes on behind what a batch handed out.
  @inlinable @inline(__always)
  mutating func settle() {
    let end = unsafe correction.pointee
    guard end != LaneWriter.Correction.none else { return }
    unsafe correction.pointee = LaneWriter.Correction.none
    guard end < 0 else {
      head = end
      return
    }
    head = end &- .min
    refuse()
  }

  /// Where the sender is told of the head: where there can be one receiver, in the lane's own word;
  /// else in the cursor, which it finds by itself.
  @inlinable @inline(__always)
  mutating func publishHead() {
    view.published = head
    limit = min(tail, head &+ step)
    lane.publish(
      head: head, at: view.headOffset, fences: fencesPublications, senderOn: view.senderOffset)
  }
}

// MARK: Looking for messages

extension LaneMemory {
  /// Frees everything before `head`, and wakes the sender if it sleeps, on the word at `senderOffset`.
  @inlinable @inline(__always)
  func publish(
    head: Int, at offset: Int, fences: Bool, senderOn senderOffset: Int = LaneLayout.senderParked
  ) {
    // Release pairs with the sender's acquire of `head`: we have finished reading what it frees.
    unsafe position(offset).pointee.store(head, ordering: .releasing)
    Step.reach(.headStored)
    cpsyne_compiler_barrier()
    if fences { atomicMemoryFence(ordering: .sequentiallyConsistent) }
    let parked = unsafe word(senderOffset)
    if unsafe parked.pointee.load(ordering: .relaxed) != 0 {
      unsafe Self.wakeParkedSender(parked, hub)
    }
  }

  /// The sender's tail if there is something to read after `head`, else negative: no news, a
  /// sender's ending, and what no sender would publish all go the slow way.
  @inline(__always)
  private func look(after head: Int, seenEndings: UInt32) -> Int {
    // Acquire pairs with the sender's release of `tail`: the frames before it are whole.
    let found = unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring)
    let endings = unsafe word(LaneLayout.senderEndings).pointee.load(ordering: .relaxed)
    guard endings == seenEndings,
      UInt(bitPattern: found &- head &- 1) < UInt(bitPattern: capacity)
    else { return -1 }
    return found
  }

  /// See ``LaneReader/fetch(looks:)``. Out of line and without a reference to the reader, which can
  /// then stay in registers while there are messages.
  ///
  /// While messages stream in, it waits for many: a reader at its sender's heels takes the cache
  /// lines from it that it is about to write, and slows both down to a quarter. It stops waiting
  /// when the sender pauses, and a reader whose messages come one by one does not wait.
  ///
  /// - Parameters:
  ///   - owed: bytes before `head` that the sender does not know to be free.
  ///   - read: bytes since the reader found the lane empty last.
  /// - Returns: the new tail, or a negative number.
  @usableFromInline @inline(never)
  func fetch(
    after head: Int, owed: Int, read: Int, seenEndings: UInt32, looks: Int, fences: Bool
  ) -> Int {
    if owed > 0 { publish(head: head, at: LaneLayout.head, fences: fences) }
    let found = gather(after: head, read: read, seenEndings: seenEndings, looks: looks)
    if found >= 0 { channel.raise(0, ChannelLayout.highWater, to: found &- head) }
    return found
  }

  @inline(__always)
  private func gather(after head: Int, read: Int, seenEndings: UInt32, looks: Int) -> Int {
    var waits = 0
    var found = look(after: head, seenEndings: seenEndings)
    while found < 0 {
      waits += 1
      guard waits < looks else { return -1 }
      cpsyne_pause()
      found = look(after: head, seenEndings: seenEndings)
    }
    return ripe(found, after: head, Streak(bytes: read, waits: waits)) {
      look(after: head, seenEndings: seenEndings)
    }
  }

  /// Waits, while messages stream in, until there are many after `head`, and returns the new tail.
  ///
  /// - Parameter look: looks again for the tail; less than before to stop waiting.
  @inline(__always)
  func ripe(_ tail: Int, after head: Int, _ streak: Streak, _ look: () -> Int) -> Int {
    var found = tail
    let wanted = min(Self.batchBytes, capacity / 8)
    // About the time that reading the last batch took: a long message takes its sender as long.
    let patience = min(1 + streak.bytes / 2048, 32)
    // A sender that took longer than that answers rather than streams: its message is taken at once.
    guard streak.bytes > Self.singleMessage, streak.waits <= 2 * patience + 1 else { return found }
    var idle = 0
    for _ in 0..<64 where found &- head < wanted && idle < patience {
      cpsyne_pause()
      cpsyne_pause()
      let more = look()
      guard more >= found else { return found }
      idle = more == found ? idle + 1 : 0
      found = more
    }
    return found
  }

  /// A reader that had no more than this is not in a stream of small messages.
  private static var singleMessage: Int { 128 }
  /// Enough that the reader is out of the sender's way for most of the time; more gains nothing.
  private static var batchBytes: Int { 32 << 10 }
}

// MARK: Frames

extension LaneReader {
  /// Takes the next frame. Nothing in it is trusted but what was checked.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  mutating func take<Body: MessageBody>() throws(ChannelError) -> Message<Body> {
    do {
      return try lane.message(
        at: &head, before: tail, redeliveredUpTo: view.redeliveredUpTo, peer: view.peer)
    } catch {
      refuse()
      throw error
    }
  }

  /// What follows cannot be read: the next call has whoever chooses the lane look at it anew.
  @usableFromInline
  mutating func refuse() {
    view.tail = head
    limit = .min
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
    let isRedelivery = head < view.redeliveredUpTo
    head &+= found &* MemoryLayout<Body>.stride
    let handed = max(head, view.redeliveredUpTo)
    unsafe lane.position(view.cursor &+ CursorLayout.handed).pointee
      .store(handed, ordering: .relaxed)
    Step.reach(.handedStored)
    return unsafe Message(
      payload: start, count: found, shape: 0, isRedelivery: isRedelivery, peer: view.peer)
  }

  /// Counts everything handed out as read, and gives its room back.
  @usableFromInline
  mutating func finishAll() {
    settle()
    // What was lent and not looked at was not delivered; what somebody before us may have had, was.
    unsafe lane.position(view.cursor &+ CursorLayout.handed).pointee
      .store(max(head, view.redeliveredUpTo), ordering: .relaxed)
    Step.reach(.handedStored)
    storeDone()
    unsafe lane.position(view.headOffset).pointee.store(head, ordering: .releasing)
    Step.reach(.headStored)
  }
}

extension LaneMemory {
  /// Reads the frame at `position`, which lies before `end`, and moves past it.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  func message<Body: MessageBody>(
    at position: inout Int, before end: Int, redeliveredUpTo: Int, peer: PeerID
  ) throws(ChannelError) -> Message<Body> {
    let start = unsafe bytes(at: position)
    let isRedelivery = position < redeliveredUpTo
    let published = end &- position
    if Body.isFixedSize {
      guard published >= MemoryLayout<Body.Element>.stride else { throw .corrupt(.length) }
      position &+= MemoryLayout<Body.Element>.stride
      return unsafe Message(
        payload: UnsafeRawPointer(start), count: 1, shape: 0, isRedelivery: isRedelivery,
        peer: peer)
    }
    // Read once, atomically: the sender could change it between the check and the use.
    let header = unsafe UInt64(
      littleEndian: start.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
        .load(ordering: .relaxed))
    let bytes = Int(header & 0xffff_ffff)
    let frame = Body.frameBytes(payload: bytes)
    guard frame <= published else { throw .corrupt(.length) }
    let payload = unsafe UnsafeRawPointer(start + Body.headerBytes)
    if Body.self == Mixed.self {
      position &+= frame
      return unsafe Message(
        payload: payload, count: bytes, shape: header >> 32, isRedelivery: isRedelivery,
        peer: peer)
    }
    guard header >> 32 == UInt64(Body.messageType.rawValue) else { throw .corrupt(.type) }
    let message: Message<Body> = try unsafe .decode(
      payload: payload, bytes: bytes, isRedelivery: isRedelivery, peer: peer)
    position &+= frame
    return message
  }
}
