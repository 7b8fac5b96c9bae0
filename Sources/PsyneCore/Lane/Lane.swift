internal import Synchronization

/// A lane and this process's part in it: what a transport hands to a channel.
public final class Lane: Sendable {
  let memory: LaneMemory
  let format: MessageFormat
  let custody: any LaneCustody
  /// The ends that were attached through this lane and not yet detached.
  private let attached = Mutex<Set<LaneEnd>>([])

  /// - Parameters:
  ///   - memory: mapped for as long as `custody` lives.
  ///   - format: what every party of the lane has agreed to.
  public init(memory: LaneMemory, format: MessageFormat, custody: any LaneCustody) {
    self.memory = memory
    self.format = format
    self.custody = custody
  }

  deinit { custody.leave() }
}

// MARK: Ends

extension Lane {
  /// Takes an end, records the death of its last holder where nobody has yet, and returns where the
  /// lane stands.
  func attach(_ end: LaneEnd) throws(TransportError) -> LanePositions {
    try custody.take(end)
    var positions: LanePositions?
    custody.exclusively {
      if memory.isAttached(end) { memory.recordEnding(.died, of: end) }
      positions = LanePositions(memory, unit: format.positionUnit)
      if positions != nil { memory.setAttached(end, true) }
    }
    guard let positions else {
      custody.release(end)
      throw TransportError(
        .corrupt,
        "the channel's positions are impossible: close it everywhere and open it again")
    }
    attached.withLock { _ = $0.insert(end) }
    memory.wakeEverybody()
    return positions
  }

  /// Leaves an end. The other side then sees how.
  func detach(_ end: LaneEnd, as ending: LaneEnding = .closed) {
    // False: another thread has left for us.
    guard attached.withLock({ $0.remove(end) != nil }) else { return }
    custody.exclusively { memory.recordEnding(ending, of: end) }
    custody.release(end)
    memory.wakeEverybody()
  }

  /// Leaves both ends and the channel. Ends that still exist can then be dropped, nothing more.
  public func leave(as ending: LaneEnding) {
    for end in LaneEnd.allCases { detach(end, as: ending) }
    custody.leave()
  }

  /// Records the death of whoever holds `end`, if it has died.
  func noticeDeath(of end: LaneEnd) {
    guard custody.partiesCanDie, memory.isAttached(end), !custody.isHeld(end) else { return }
    custody.exclusively {
      // Again, now that nobody attaches or leaves meanwhile.
      if memory.isAttached(end) && !custody.isHeld(end) { memory.recordEnding(.died, of: end) }
    }
  }
}

// MARK: The words of the header, as the slow paths use them

extension LaneMemory {
  func isAttached(_ end: LaneEnd) -> Bool {
    let offset = end == .sender ? LaneLayout.senderAttached : LaneLayout.receiverAttached
    return unsafe word(offset).pointee.load(ordering: .acquiring) == 1
  }

  func setAttached(_ end: LaneEnd, _ attached: Bool) {
    let offset = end == .sender ? LaneLayout.senderAttached : LaneLayout.receiverAttached
    unsafe word(offset).pointee.store(attached ? 1 : 0, ordering: .releasing)
  }

  func endings(of end: LaneEnd) -> UInt32 {
    let offset = end == .sender ? LaneLayout.senderEndings : LaneLayout.receiverEndings
    return unsafe word(offset).pointee.load(ordering: .acquiring)
  }

  func lastEnding(of end: LaneEnd) -> LaneEnding {
    let offset = end == .sender ? LaneLayout.senderEnding : LaneLayout.receiverEnding
    // Anything else than "closed" was written by nobody who closed.
    return LaneEnding(rawValue: unsafe word(offset).pointee.load(ordering: .relaxed)) ?? .died
  }

  /// Called under ``LaneCustody/exclusively(_:)``.
  func recordEnding(_ ending: LaneEnding, of end: LaneEnd) {
    let isSender = end == .sender
    if isSender {
      let tail = unsafe position(LaneLayout.tail).pointee.load(ordering: .acquiring)
      unsafe position(LaneLayout.senderEndPosition).pointee.store(tail, ordering: .relaxed)
    }
    unsafe word(isSender ? LaneLayout.senderEnding : LaneLayout.receiverEnding)
      .pointee.store(ending.rawValue, ordering: .relaxed)
    // Release pairs with the acquire in `endings(of:)`: whoever sees the count sees how and where.
    unsafe word(isSender ? LaneLayout.senderEndings : LaneLayout.receiverEndings)
      .pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    setAttached(end, false)
  }

  func wakeEverybody() {
    // What was written before must be seen by whoever announced its sleep before we look: the
    // sleeper's barrier does not cover a process that has not registered, and this path is rare.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    wake(LaneLayout.receiverParked)
    wake(LaneLayout.senderParked)
  }
}

extension LaneMemory {
  /// For a transport that takes over a lane whose parties are all gone: records how they ended, so
  /// that what they left unread is still received.
  ///
  /// - Parameter format: what the lane carries.
  /// - Returns: false if the lane is damaged and must not be used.
  public func recover(format: MessageFormat) -> Bool {
    guard let positions = LanePositions(self, unit: format.positionUnit) else { return false }
    for end in LaneEnd.allCases where isAttached(end) { recordEnding(.died, of: end) }
    if positions.consumed == positions.tail {
      // Nothing is left of the sender that ended: to whoever comes now it is no news.
      unsafe word(LaneLayout.receiverSeenEndings).pointee
        .store(endings(of: .sender), ordering: .relaxed)
    }
    return true
  }
}

// MARK: Agreement

extension Lane {
  /// Throws unless the lane carries what another party at `address` wants to open it for.
  func check(
    _ address: ChannelAddress, format: MessageFormat, capacity: Int?
  ) throws(TransportError) {
    try self.format.check(format, at: address)
    try ChannelOptions.check(capacity: capacity, against: memory.capacity, at: address)
  }
}

extension MessageFormat {
  /// Throws unless `wanted` is this format.
  package func check(_ wanted: MessageFormat, at address: ChannelAddress) throws(TransportError) {
    guard wanted != self else { return }
    throw TransportError(
      .mismatch, "'\(address)' carries \(self); it was opened here for \(wanted): use one type on both sides")
  }

  /// Throws if no lane can carry the format.
  func validate() throws(TransportError) {
    let largest = type == .mixed ? 8 : 64
    guard elementAlignment <= largest else {
      throw TransportError(
        .invalidType, "\(self) cannot be carried: the alignment can be at most \(largest)")
    }
    guard !isUserType || type.rawValue >= MessageType.firstUserType.rawValue else {
      throw TransportError(
        .invalidType,
        "\(name) has the type id \(type): ids of your own start at \(MessageType.firstUserType)")
    }
  }
}

extension ChannelOptions {
  /// Throws if a capacity is asked for that the channel does not have.
  package static func check(
    capacity wanted: Int?, against capacity: Int, at address: ChannelAddress
  ) throws(TransportError) {
    guard let wanted, wanted != capacity else { return }
    throw TransportError(
      .mismatch,
      "'\(address)' exists with a capacity of \(ByteCount.bytes(capacity)), not \(ByteCount.bytes(wanted)): "
        + "leave the option out, or close the channel everywhere first")
  }
}
