internal import CPsyne
internal import Synchronization

/// One end of a lane while this process holds it, and that end's slow paths.
@usableFromInline @safe
final class LaneClaim: @unchecked Sendable {
  // Unchecked: the correction belongs to the one sender or receiver that owns the claim.
  @usableFromInline let lane: Lane
  /// See ``LaneWriter``; on a cache line of its own.
  let correction: UnsafeMutablePointer<Int>
  /// Where the lane stood when we came. Not read again: a peer could have moved it since.
  @usableFromInline let positions: LanePositions
  private let end: LaneEnd
  private let waiting: WaitStrategy
  /// How many holders of the other end had left when we came: their endings are no news.
  private let endingsBefore: UInt32
  /// When a polling end looks again whether its peer lives, on the coarse clock.
  private let nextLook = Atomic<Int64>(0)

  init(_ lane: Lane, _ end: LaneEnd, waiting: WaitStrategy) throws(TransportError) {
    self.lane = lane
    self.end = end
    self.waiting = waiting
    // One that died unnoticed before we came must not look like one that left us.
    lane.noticeDeath(of: end.other)
    endingsBefore = lane.memory.endings(of: end.other)
    positions = try lane.attach(end)
    let line = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    unsafe correction = line.initializeMemory(as: Int.self, to: LaneWriter.none)
  }

  deinit {
    unsafe correction.deallocate()
    lane.detach(end)
  }

  /// Whether the end is no longer ours, or never was: another party may hold it.
  var wasLeft: Bool { !lane.isAttachedHere(end) }

  private var peer: Parking.Peer? {
    guard lane.custody.partiesCanDie else { return nil }
    return Parking.Peer(
      look: { [lane, end] in lane.noticeDeath(of: end.other) },
      watch: { [lane, end] in lane.custody.watchParties { lane.wakeIfDead(end.other) } })
  }

  /// For an end that polls instead of waiting, or waits only briefly: now and then looks whether its
  /// peer still lives.
  private func pollPeer() {
    guard lane.custody.partiesCanDie else { return }
    let now = cpsyne_monotonic_coarse_ns()
    guard now >= nextLook.load(ordering: .relaxed) else { return }
    nextLook.store(now + Parking.livenessNanoseconds, ordering: .relaxed)
    lane.noticeDeath(of: end.other)
  }
}

// MARK: The other end

extension LaneClaim {
  /// Waits until somebody holds the other end, or `isNews` is true.
  func awaitPeer(until deadline: Deadline, or isNews: () -> Bool) throws(ChannelError) {
    lane.noticeDeath(of: end.other)
    let word = end == .sender ? LaneLayout.senderParked : LaneLayout.receiverParked
    let found = try Parking.wait(
      on: lane.memory, word: word, until: deadline, peer: peer, strategy: waiting
    ) { () throws(ChannelError) -> Bool in lane.memory.isAttached(end.other) || isNews() }
    guard found else { throw .timedOut }
  }

  /// Whether our predecessor at this end died.
  var followsDeath: Bool {
    lane.memory.endings(of: end) > 0 && lane.memory.lastEnding(of: end) == .died
  }
}

// MARK: Sending

extension LaneClaim {
  /// Waits until `bytes` are free after `tail`, and returns the receiver's head.
  @usableFromInline @inline(never)
  func awaitRoom(
    for bytes: Int, after tail: Int, until deadline: Deadline
  ) throws(ChannelError) -> Int {
    var found: Int?
    _ = try Parking.wait(
      on: lane.memory, word: LaneLayout.senderParked, until: deadline, peer: peer, strategy: waiting
    ) { () throws(ChannelError) -> Bool in
      found = try head(leaving: bytes, after: tail)
      return found != nil
    }
    guard let found else {
      // A wait this short may not have looked after the receiver: many of them in a row do.
      pollPeer()
      throw .timedOut
    }
    return found
  }

  /// Looks once whether `bytes` are free after `tail`, and returns the receiver's head if so.
  @usableFromInline @inline(never)
  func pollRoom(for bytes: Int, after tail: Int) throws(ChannelError) -> Int? {
    if let head = try head(leaving: bytes, after: tail) { return head }
    cpsyne_pause()
    pollPeer()
    return nil
  }

  private func head(leaving bytes: Int, after tail: Int) throws(ChannelError) -> Int? {
    let capacity = lane.memory.capacity
    guard bytes <= capacity else { throw .tooLarge(bytes: bytes, capacity: capacity) }
    if let head = try headNow(leaving: bytes, after: tail) { return head }
    // A receiver that left since we came, and none has come after it: nobody will make room.
    if !lane.memory.isAttached(.receiver), lane.memory.endings(of: .receiver) != endingsBefore {
      // It may have made room on its way out, after we looked. Acquire in `isAttached` pairs with the
      // release in `recordEnding`, which comes after its last head.
      if let head = try headNow(leaving: bytes, after: tail) { return head }
      throw lane.memory.lastEnding(of: .receiver) == .closed ? .closed : .peerDied
    }
    return nil
  }

  private func headNow(leaving bytes: Int, after tail: Int) throws(ChannelError) -> Int? {
    let capacity = lane.memory.capacity
    // Acquire pairs with the receiver's release: what it frees, it has finished reading.
    let head = unsafe lane.memory.position(LaneLayout.head).pointee.load(ordering: .acquiring)
    guard tail &- head >= 0, tail &- head <= capacity else { throw .corrupt(.position) }
    return tail &- head &+ bytes <= capacity ? head : nil
  }
}

// MARK: Receiving

/// What a receiver finds when it looks at its lane.
@frozen @usableFromInline
struct LaneView {
  @frozen @usableFromInline
  enum Outcome {
    case messages, nothing, closed, died
  }

  /// Up to where it may read.
  @usableFromInline var tail: Int
  /// How many senders' endings it has passed.
  @usableFromInline var seenEndings: UInt32
  @usableFromInline var outcome: Outcome
}

extension LaneClaim {
  /// Waits for something to read after `head`; `nothing` when the deadline passes first.
  @usableFromInline @inline(never)
  func awaitMessages(
    after head: Int, seenEndings: UInt32, isAtEnd: Bool, until deadline: Deadline
  ) throws(ChannelError) -> LaneView {
    var view = LaneView(tail: head, seenEndings: seenEndings, outcome: .nothing)
    _ = try Parking.wait(
      on: lane.memory, word: LaneLayout.receiverParked, until: deadline,
      peer: peer, strategy: waiting
    ) { () throws(ChannelError) -> Bool in
      view = try look(after: head, seenEndings: seenEndings, isAtEnd: isAtEnd)
      return view.outcome != .nothing
    }
    // A wait this short may not have looked after the sender: many of them in a row do.
    if view.outcome == .nothing { pollPeer() }
    return view
  }

  /// Looks once.
  @usableFromInline @inline(never)
  func pollMessages(
    after head: Int, seenEndings: UInt32, isAtEnd: Bool
  ) throws(ChannelError) -> LaneView {
    let view = try look(after: head, seenEndings: seenEndings, isAtEnd: isAtEnd)
    if view.outcome == .nothing {
      cpsyne_pause()
      pollPeer()
    }
    return view
  }

  private func look(
    after head: Int, seenEndings: UInt32, isAtEnd: Bool
  ) throws(ChannelError) -> LaneView {
    let memory = lane.memory
    var view = LaneView(tail: head, seenEndings: seenEndings, outcome: .nothing)
    // Acquire pairs with the sender's release of `tail`: the frames before it are whole. And a new
    // sender publishes after the last one's ending was recorded, so the ending is looked up second.
    var tail = unsafe memory.position(LaneLayout.tail).pointee.load(ordering: .acquiring)
    let endings = memory.endings(of: .sender)
    var end = 0
    if endings != seenEndings {
      // The sender may have published and left after we read `tail`, and another may have come and
      // left since. Acquire pairs with the release in `recordEnding`: `tail` is then no less.
      end = unsafe memory.position(LaneLayout.senderEndPosition).pointee.load(ordering: .acquiring)
      tail = memory.tail
    }
    guard tail &- head >= 0, tail &- head <= memory.capacity else { throw .corrupt(.position) }
    view.tail = tail
    if endings != seenEndings {
      guard end <= tail else { throw .corrupt(.position) }
      if end > head {
        // Another sender may have come since: stop where the first one ended.
        view.tail = end
        view.outcome = .messages
        return view
      }
      view.seenEndings = endings
      unsafe memory.word(LaneLayout.receiverSeenEndings).pointee.store(endings, ordering: .relaxed)
      if end == head {
        view.tail = head
        view.outcome = memory.lastEnding(of: .sender) == .closed ? .closed : .died
        return view
      }
    }
    if tail != head {
      view.outcome = .messages
    } else if isAtEnd && !memory.isAttached(.sender) {
      // Asked again at the end of the stream, and no new sender has come.
      view.outcome = memory.lastEnding(of: .sender) == .closed ? .closed : .died
    }
    return view
  }
}
