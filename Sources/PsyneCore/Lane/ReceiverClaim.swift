internal import CPsyne
internal import Synchronization

/// The receiving end of a channel while this process holds it, and that end's slow paths.
@usableFromInline @safe
final class ReceiverClaim: @unchecked Sendable {
  // Unchecked: all but the constants belongs to the one receiver that owns the claim.
  @usableFromInline let lanes: LaneSet
  /// See ``LaneReader``; on a cache line of its own.
  let correction: UnsafeMutablePointer<Int>
  let slot: Int
  let waiting: WaitStrategy
  /// Where reading begins.
  let start: LaneView
  private let reading: any Reading
  private let liveness = Liveness()
  private let isInterrupted = Atomic(false)
  private var looks = 0
  /// What must not go before the end does.
  private let owner: AnyObject?

  /// - Parameter reading: another than the kind of channel has.
  init(
    _ lanes: LaneSet, waiting: WaitStrategy, share: Int, reading: (any Reading)? = nil,
    keeping owner: AnyObject? = nil
  ) throws(TransportError) {
    self.lanes = lanes
    self.waiting = waiting
    self.owner = owner
    let reading = reading ?? Self.reading(lanes, share: share)
    // A sender that died unnoticed before we came must not look like one that left us.
    lanes.noticeDeaths(of: lanes.senders)
    var start: LaneView?
    let end = try lanes.attach(toOneOf: lanes.receivers) { end in
      guard case .receiver(let slot) = end else { return false }
      start = reading.start(at: slot)
      return start != nil
    }
    guard let start, case .receiver(let slot) = end else {
      preconditionFailure("an end is attached with its position or not at all")
    }
    self.start = reading.attached(start)
    self.slot = slot
    self.reading = reading
    let line = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    unsafe correction = line.initializeMemory(as: Int.self, to: LaneWriter.Correction.none)
  }

  private static func reading(_ lanes: LaneSet, share: Int) -> any Reading {
    switch lanes.shape.kind {
    case .spsc, .mpsc: MergedReading(lanes)
    case .spmc, .mpmc: SharedReading(lanes, share: share)
    case .broadcast: BroadcastReading(lanes)
    }
  }

  deinit {
    unsafe correction.deallocate()
    if !wasLeft { reading.close() }
    lanes.detach(.receiver(slot))
  }

  /// Whether the end is no longer ours, or never was: another party may hold it.
  var wasLeft: Bool { !lanes.isAttachedHere(.receiver(slot)) }
}

/// What a receiver finds when it looks at its lanes.
@frozen @usableFromInline
struct LaneView {
  @frozen @usableFromInline
  enum Outcome: Equatable {
    case messages, nothing, closed, died
    /// Messages of a broadcast that were overwritten unread.
    case lost(Int)
    case evicted
  }

  /// The lane to read.
  @usableFromInline var lane: LaneMemory
  /// Offset of the cursor that says what was read.
  @usableFromInline var cursor: Int
  @usableFromInline var head: Int
  /// Up to where it may read.
  @usableFromInline var tail: Int
  /// The head that the sender has been told of.
  @usableFromInline var published: Int
  /// Messages that begin before it may have been delivered before.
  @usableFromInline var redeliveredUpTo: Int
  /// How many senders' endings it has passed.
  @usableFromInline var seenEndings: UInt32
  @usableFromInline var outcome: Outcome
  /// Offset of the word in which the sender is told of the head.
  @usableFromInline var headOffset: Int
  /// Whose messages they are.
  @usableFromInline var peer = PeerID.none
  /// Offset of the word that the sender sleeps on: in the lane or, of a broadcast, in the first one.
  @usableFromInline var senderOffset: Int

  init(_ lane: LaneMemory, slot: Int, at head: Int) {
    self.lane = lane
    senderOffset = LaneLayout.senderParked
    cursor = LaneMemory.cursor(slot, 0)
    headOffset = cursor + CursorLayout.released
    self.head = head
    tail = head
    published = head
    redeliveredUpTo = 0
    seenEndings = 0
    outcome = .nothing
  }
}

extension LaneView.Outcome {
  /// True when there are messages, false at the end of the stream; throws everything else.
  @usableFromInline
  func isMessages() throws(ChannelError) -> Bool {
    switch self {
    case .messages: true
    case .closed: false
    case .died: throw .peerDied
    case .lost(let count): throw .lost(messages: count)
    case .evicted: throw .evicted
    case .nothing: throw .timedOut
    }
  }
}

/// How a receiver of some kind of channel goes through its lanes. Called when everything that it was
/// shown is read.
protocol Reading: AnyObject {
  /// Where a receiver in `slot` begins; nil if the lanes are damaged. Called under the gate.
  func start(at slot: Int) -> LaneView?
  /// Called when the receiver counts as attached. Where it begins now.
  func attached(_ view: LaneView) -> LaneView
  /// Looks once for something to read after `view`, which is read up to its `head`.
  func look(after view: LaneView) throws(ChannelError) -> LaneView
  /// Takes over what a receiver that has left was still to read. True if there is something now.
  func takeOver() throws(ChannelError) -> Bool
  /// Wakes those that wait for the end, which comes when this receiver, too, has finished.
  func wakeOthersAtEnd()
  /// Called before the receiver leaves.
  func close()
  /// Called before the receiver sleeps: has those tell it whom it does not sleep on.
  func arm()
  /// Whether there is news other than messages: for a receiver that waits for a sender.
  func hasNews(after view: LaneView) -> Bool
}

extension Reading {
  func attached(_ view: LaneView) -> LaneView { view }
  func takeOver() -> Bool { false }
  func wakeOthersAtEnd() {}
  func close() {}
  func arm() {}
}

// MARK: Receiving

extension ReceiverClaim {
  /// Waits for something to read after `view`; `nothing` when the deadline passes first.
  @usableFromInline @inline(never)
  func awaitMessages(after view: LaneView, until deadline: Deadline) throws(ChannelError)
    -> LaneView
  {
    var found = try look(after: view)
    // A stream pauses for less than it takes to prepare for a wait.
    for _ in 0..<32 where found.outcome == .nothing {
      cpsyne_pause()
      found = try reading.look(after: found)
    }
    if found.outcome != .nothing { return found }
    lanes.channel.count(slot, ChannelLayout.emptyWaits)
    reading.arm()
    _ = try wait(until: deadline) { () throws(ChannelError) -> Bool in
      found = try reading.look(after: found)
      return found.outcome != .nothing || isInterrupted.load(ordering: .relaxed)
    }
    // A wait this short may not have looked after the senders: many of them in a row do.
    if found.outcome == .nothing, try pollPeers() { return try reading.look(after: found) }
    return found
  }

  /// The same, suspending the task instead of blocking its thread. Where it throws, `view` is where it
  /// has come to.
  @usableFromInline
  func nextMessages(
    after view: inout LaneView, until deadline: Deadline
  ) async throws(ChannelError) {
    view = try look(after: view)
    if view.outcome != .nothing { return }
    // A wait this short may not look after the senders: many of them in a row do.
    if try pollPeers() {
      view = try reading.look(after: view)
      if view.outcome != .nothing { return }
    }
    lanes.channel.count(slot, ChannelLayout.emptyWaits)
    reading.arm()
    var found = view
    defer { view = found }
    _ = try await Parking.suspend(on: sleeper, until: deadline, peers: peers) {
      () throws(ChannelError) -> Bool in
      found = try reading.look(after: found)
      if found.outcome == .nothing, try reading.takeOver() {
        found = try reading.look(after: found)
      }
      return found.outcome != .nothing || isInterrupted.load(ordering: .relaxed)
    }
  }

  /// Looks once.
  @usableFromInline @inline(never)
  func pollMessages(after view: LaneView) throws(ChannelError) -> LaneView {
    let found = try look(after: view)
    if found.outcome == .nothing {
      cpsyne_pause()
      if try pollPeers() { return try reading.look(after: found) }
    }
    return found
  }

  private func look(after view: LaneView) throws(ChannelError) -> LaneView {
    // Where there are others, one that dies must be noticed though the stream of the rest never ends.
    looks &+= 1
    if looks % 16 == 0, hasSeveralPeers { liveness.poll { noticeDeaths() } }
    return try reading.look(after: view)
  }

  private var hasSeveralPeers: Bool {
    lanes.shape.producers > 1 || lanes.shape.kind.sharesLanes && lanes.shape.consumers > 1
  }

  /// True if there is something to read now.
  private func pollPeers() throws(ChannelError) -> Bool {
    liveness.poll { noticeDeaths() }
    return try reading.takeOver()
  }

  private func noticeDeaths() { lanes.noticeDeaths(of: others) }

  /// Those whose death a receiver has to know of: senders, and whoever shares its lanes.
  private var others: [ChannelEnd] {
    lanes.shape.kind.sharesLanes
      ? lanes.senders + lanes.receivers.filter { $0 != .receiver(slot) } : lanes.senders
  }

  private var peers: Parking.Peers? {
    lanes.peers(others) { [slot] lanes in lanes.channel.wakeReceiver(slot) }
  }
  private var sleeper: Sleeper { Sleeper(receiver: slot, of: lanes.lanes) }

  func wait(
    until deadline: Deadline, isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    try Parking.wait(
      on: sleeper, until: deadline, as: waiting, peers: peers
    ) { () throws(ChannelError) -> Bool in
      if try isReady() { return true }
      // What a dead receiver has left is found by whoever has nothing else to do.
      guard try reading.takeOver() else { return false }
      return try isReady()
    }
  }

  /// Ends the wait that is under way, and those to come, as if their deadline had passed.
  func interrupt() {
    isInterrupted.store(true, ordering: .sequentiallyConsistent)
    lanes.channel.wakeReceiver(slot)
  }

  /// Called when all that was handed out is given back, and nothing more looked for.
  @usableFromInline
  func wakeOthersAtEnd() { reading.wakeOthersAtEnd() }

  /// Waits until there is a sender, or something to be received.
  func awaitSender(after view: LaneView, until deadline: Deadline) throws(ChannelError) {
    lanes.noticeDeaths(of: lanes.senders)
    let found = try wait(until: deadline) { () throws(ChannelError) -> Bool in
      hasSender(orNewsAfter: view) || isInterrupted.load(ordering: .relaxed)
    }
    guard found else { throw .timedOut }
  }

  /// The same, suspending the task instead of blocking its thread.
  func awaitSender(after view: LaneView, until deadline: Deadline) async throws(ChannelError) {
    lanes.noticeDeaths(of: lanes.senders)
    let found = try await Parking.suspend(on: sleeper, until: deadline, peers: peers) {
      () throws(ChannelError) -> Bool in
      hasSender(orNewsAfter: view) || isInterrupted.load(ordering: .relaxed)
    }
    guard found else { throw .timedOut }
  }

  private func hasSender(orNewsAfter view: LaneView) -> Bool {
    lanes.senders.contains { lanes.memory(of: $0).isAttached } || reading.hasNews(after: view)
  }
}
