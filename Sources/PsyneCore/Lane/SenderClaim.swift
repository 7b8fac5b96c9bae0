internal import CPsyne
internal import Synchronization

/// The sending end of a lane while this process holds it, and that end's slow paths.
@usableFromInline @safe
final class SenderClaim: @unchecked Sendable {
  // Unchecked: the correction, the terms and what was flushed belong to the one sender that owns the claim.
  @usableFromInline let lanes: LaneSet
  /// See ``LaneWriter``; on a cache line of its own.
  let correction: UnsafeMutablePointer<LaneWriter.Correction>
  /// Where the lane stood when we came. Not read again: a peer could have moved it since.
  let start: Room
  let end: ChannelEnd
  let waiting: WaitStrategy
  /// Bytes that may be written before the channel's bell is to flush them.
  let quantum: Int
  /// Up to where they are flushed.
  private var flushedAt: Int
  /// What a broadcast's sender remembers.
  let terms: BroadcastTerms?
  /// How many receivers had left when we came: their endings are no news.
  private let endingsBefore: UInt32
  private let liveness = Liveness()
  /// What must not go before the end does.
  private let owner: AnyObject?

  init(
    _ lanes: LaneSet, waiting: WaitStrategy, keeping owner: AnyObject? = nil
  ) throws(TransportError) {
    self.lanes = lanes
    self.owner = owner
    quantum = lanes.channel.bell?.quantum ?? .max
    self.waiting = waiting
    // Those that died unnoticed before we came must not look like ones that left us.
    lanes.noticeDeaths(of: lanes.receivers)
    endingsBefore = lanes.endings(of: lanes.receivers)
    var room: Room?
    var terms: BroadcastTerms?
    end = try lanes.attach(toOneOf: lanes.senders) { end in
      guard case .sender(let index) = end else { return false }
      if lanes.shape.kind == .broadcast {
        terms = BroadcastTerms(lanes)
        room = terms?.resume()
      } else {
        room = Room(lanes.lanes[index], lanes)
      }
      return room != nil
    }
    guard let room else {
      preconditionFailure("an end is attached with its position or not at all")
    }
    flushedAt = room.tail
    // With a quantum all of the room is asked for, bit by bit.
    start =
      quantum == .max
      ? room
      : Room(lane: room.lane, tail: room.tail, limit: room.tail, messages: room.messages)
    self.terms = terms
    if terms == nil, case .sender(let index) = end { lanes.prefault(index) }
    if !AsymmetricFence.isRegistered {
      // See `LaneMemory.wakeReceivers`.
      for lane in lanes.lanes where terms != nil || lane.isSame(as: room.lane) {
        unsafe lane.word(LaneLayout.receiversParked).pointee.store(1, ordering: .relaxed)
      }
    }
    let line = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    unsafe correction = line.initializeMemory(
      as: LaneWriter.Correction.self, to: LaneWriter.Correction())
  }

  deinit {
    unsafe correction.deallocate()
    lanes.detach(end)
  }

  /// Whether the end is no longer ours, or never was: another party may hold it.
  var wasLeft: Bool { !lanes.isAttachedHere(end) }
}

/// Where a sender may write.
@usableFromInline
struct Room {
  @usableFromInline let lane: LaneMemory
  @usableFromInline let tail: Int
  /// Up to where there is room.
  @usableFromInline let limit: Int
  @usableFromInline let messages: Int

  init(lane: LaneMemory, tail: Int, limit: Int, messages: Int) {
    self.lane = lane
    self.tail = tail
    self.limit = limit
    self.messages = messages
  }

  /// Where the last sender of a lane stopped; nil if the lane is damaged.
  init?(_ lane: LaneMemory, _ lanes: LaneSet) {
    guard
      let positions = LanePositions(lane, shape: lanes.shape, unit: lanes.format.positionUnit)
    else { return nil }
    self.lane = lane
    tail = positions.tail
    limit = positions.head + lane.capacity
    messages = lanes.format.isFixedSize ? 0 : lane.messagesSent(lanes.format)
  }
}

// MARK: Receivers

extension SenderClaim {
  /// Waits until somebody can receive.
  func awaitReceiver(until deadline: Deadline) throws(ChannelError) {
    lanes.noticeDeaths(of: lanes.receivers)
    let found = try wait(until: deadline) { () throws(ChannelError) -> Bool in hasReceiver }
    guard found else { throw .timedOut }
  }

  /// The same, suspending the task instead of blocking its thread.
  func awaitReceiver(until deadline: Deadline) async throws(ChannelError) {
    lanes.noticeDeaths(of: lanes.receivers)
    let found = try await suspend(until: deadline) { () throws(ChannelError) -> Bool in
      hasReceiver
    }
    guard found else { throw .timedOut }
  }

  var hasReceiver: Bool { lanes.receivers.contains { lanes.memory(of: $0).isAttached } }

  /// How the receivers have left, if all have, and one has since we came.
  private var departure: ChannelError? {
    guard !hasReceiver, lanes.endings(of: lanes.receivers) != endingsBefore else { return nil }
    let endings = lanes.receivers.map { lanes.memory(of: $0) }.filter { $0.endings > 0 }
    return endings.contains { $0.lastEnding == .died } ? .peerDied : .closed
  }

  func wait(
    until deadline: Deadline, isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    let lane = lanes.lanes[lane]
    return try Parking.wait(
      on: Sleeper(sender: lane), until: deadline, as: waiting, peers: peers, isReady: isReady)
  }

  /// The same, suspending the task instead of blocking its thread.
  private func suspend(
    until deadline: Deadline, isReady: () throws(ChannelError) -> Bool
  ) async throws(ChannelError) -> Bool {
    lanes.channel.bell?.suspends()
    return try await Parking.suspend(
      on: Sleeper(sender: lanes.lanes[lane]), until: deadline, peers: peers, isReady: isReady)
  }

  /// The lane whose words the sender sleeps on.
  private var lane: Int {
    if case .sender(let lane) = end { lane } else { 0 }
  }

  private var peers: Parking.Peers? {
    lanes.peers(lanes.receivers) { [lane] lanes in lanes.lanes[lane].wakeSender() }
  }
}

// MARK: Room

extension SenderClaim {
  /// Waits until the receivers have finished with everything before `tail`.
  func drain(after tail: Int, until deadline: Deadline) throws(ChannelError) {
    let isRead = try wait(until: deadline) { () throws(ChannelError) -> Bool in
      try areAllRead(before: tail)
    }
    guard !isRead else { return }
    // A wait this short may not have looked after the receivers: many of them in a row do.
    pollReceivers()
    throw .timedOut
  }

  /// The same, suspending the task instead of blocking its thread.
  func drain(after tail: Int, until deadline: Deadline) async throws(ChannelError) {
    // As above.
    if try areAllRead(before: tail) { return }
    pollReceivers()
    let isRead = try await suspend(until: deadline) { () throws(ChannelError) -> Bool in
      try areAllRead(before: tail)
    }
    guard isRead else { throw .timedOut }
  }

  private func areAllRead(before tail: Int) throws(ChannelError) -> Bool {
    if let terms { return terms.areAllRead(before: tail) }
    // A lane with all its capacity free is an empty one.
    return try free(lanes.shape.capacity, after: tail, messages: 0) != nil
  }
}

extension SenderClaim {
  /// Waits until `bytes` are free after `tail`, and returns where.
  @usableFromInline @inline(never)
  func awaitRoom(
    for bytes: Int, after tail: Int, messages: Int, until deadline: Deadline
  ) throws(ChannelError) -> Room {
    var found = try room(for: bytes, after: tail, messages: messages)
    if let found { return found }
    lanes.lanes[lane].count(LaneLayout.fullWaits)
    _ = try wait(until: deadline) { () throws(ChannelError) -> Bool in
      found = try room(for: bytes, after: tail, messages: messages)
      return found != nil
    }
    guard let found else {
      // A wait this short may not have looked after the receivers: many of them in a row do.
      pollReceivers()
      throw .timedOut
    }
    return found
  }

  /// The same, suspending the task instead of blocking its thread.
  @usableFromInline
  func nextRoom(
    for bytes: Int, after tail: Int, messages: Int, until deadline: Deadline
  ) async throws(ChannelError) -> Room {
    var found = try room(for: bytes, after: tail, messages: messages)
    if let found { return found }
    // A wait this short may not look after the receivers: many of them in a row do.
    pollReceivers()
    lanes.lanes[lane].count(LaneLayout.fullWaits)
    _ = try await suspend(until: deadline) { () throws(ChannelError) -> Bool in
      found = try room(for: bytes, after: tail, messages: messages)
      return found != nil
    }
    guard let found else { throw .timedOut }
    return found
  }

  /// Looks once whether `bytes` are free after `tail`, and returns where if so.
  @usableFromInline @inline(never)
  func pollRoom(
    for bytes: Int, after tail: Int, messages: Int
  ) throws(ChannelError) -> Room? {
    if let room = try room(for: bytes, after: tail, messages: messages) { return room }
    cpsyne_pause()
    pollReceivers()
    return nil
  }

  /// Counts messages that are not sent because there is no room.
  @usableFromInline
  func countDrops(_ count: Int) { lanes.lanes[lane].count(LaneLayout.drops, count) }

  private func pollReceivers() {
    liveness.poll { lanes.noticeDeaths(of: lanes.receivers) }
  }

  func room(for bytes: Int, after tail: Int, messages: Int) throws(ChannelError) -> Room? {
    guard bytes <= largestFrame else {
      throw .tooLarge(bytes: bytes, capacity: largestFrame)
    }
    return try free(bytes, after: tail, messages: messages)
  }

  private func free(_ bytes: Int, after tail: Int, messages: Int) throws(ChannelError) -> Room? {
    // With a short limit of the other side's one comes here more often than there is much to flush.
    let isDue = quantum != .max && tail &+ bytes &- flushedAt > quantum
    if isDue, tail != flushedAt { flush(upTo: tail, all: false) }
    if let room = try roomNow(for: bytes, after: tail, messages: messages) { return room }
    if quantum != .max {
      flush(upTo: tail, all: true)
      if let room = try roomNow(for: bytes, after: tail, messages: messages) { return room }
    }
    // Nobody has to listen to a broadcast.
    guard terms == nil, let departure else { return nil }
    // One may have made room on its way out, after we looked. Acquire in `isAttached` pairs with the
    // release in `record`, which comes after its last position.
    if let room = try roomNow(for: bytes, after: tail, messages: messages) { return room }
    throw departure
  }

  private func flush(upTo tail: Int, all: Bool) {
    flushedAt = tail
    lanes.channel.bell?.flush(all: all)
  }

  /// The longest that a frame may be.
  var largestFrame: Int { min(lanes.shape.capacity, lanes.channel.bell?.largestFrame ?? .max) }

  private func roomNow(
    for bytes: Int, after tail: Int, messages: Int
  ) throws(ChannelError) -> Room? {
    if let terms { return try terms.room(for: bytes, after: tail, messages: messages) }
    let lane = lanes.lanes[lane]
    let head = try freed(lane, before: tail)
    guard tail &- head &+ bytes <= lane.capacity else { return nil }
    // No further than to where it is to flush, and than the other side takes a message to be.
    let pause = quantum == .max ? Int.max : tail &+ max(bytes, min(quantum, largestFrame))
    return Room(
      lane: lane, tail: tail, limit: min(head &+ lane.capacity, pause), messages: messages)
  }

  /// Up to where the receivers have finished.
  private func freed(_ lane: LaneMemory, before tail: Int) throws(ChannelError) -> Int {
    guard lanes.shape.kind.sharesLanes else {
      // Acquire pairs with the receiver's release: what it frees, it has finished reading.
      let head = unsafe lane.position(LaneLayout.head).pointee.load(ordering: .acquiring)
      guard tail &- head >= 0, tail &- head <= lane.capacity else { throw .corrupt(.position) }
      return head
    }
    let head = lane.finished(
      before: tail, consumers: lanes.shape.consumers, unit: lanes.format.positionUnit)
    guard let head, head <= tail else { throw .corrupt(.position) }
    // For whoever looks at statistics, and for the next sender's first reservations.
    unsafe lane.position(LaneLayout.head).pointee.store(head, ordering: .relaxed)
    Step.reach(.freedStored)
    return head
  }
}
