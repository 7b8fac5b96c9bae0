internal import Glibc
internal import PsyneCore
internal import Synchronization

/// A segment that this process has open, and its part in it.
///
/// Every party holds the lock of its slot for as long as it lives, and the lock of each end that it
/// has claimed. The kernel drops them at its death, whatever the process id and the container.
final class Segment: ChannelCustody {
  private let file: File
  private let path: String
  private let slot: Int
  /// Where the data of the first lane begins.
  private let dataOffset: Int
  let mapping: ChannelMapping
  /// The ends that we hold: our own locks do not show in ``File/isLockedElsewhere(_:count:)``.
  private let held = Mutex<Set<ChannelEnd>>([])
  /// Excludes our own threads, which share our file description and so our locks.
  private let gate = Mutex<HasLeft>(HasLeft(value: false))

  private struct HasLeft { var value: Bool }
  /// Whether the process is about to end.
  private let isEnding = Atomic(false)
  /// Whether it ends without having been let through the gate.
  private let hasGivenUp = Atomic(false)

  /// - Parameters:
  ///   - file: the segment, complete and checked.
  ///   - slot: whose lock this file holds.
  init(
    _ file: consuming File, path: String, slot: Int, header: SegmentHeader,
    placement: LanePlacement
  ) throws(TransportError) {
    mapping = try file.withMappable { descriptor throws(TransportError) in
      try ChannelMapping(
        descriptor: descriptor, place: header.place, shape: header.shape, placement: placement)
    }
    self.file = file
    self.path = path
    self.slot = slot
    dataOffset = header.dataOffset
  }

  /// Gives a new segment its name.
  func link() throws(SystemError) {
    Step.reach(.segmentBuilt)
    try file.link(to: path)
    Step.reach(.segmentLinked)
  }

  /// Ends the joining of a segment, during which its opener holds the gate.
  func openGate() { file.unlock(SegmentLayout.gateLock) }
  var partiesCanDie: Bool { true }

  func take(_ end: ChannelEnd) -> Bool {
    guard held.withLock({ $0.insert(end).inserted }) else { return false }
    guard file.tryLock(end.lock) else {
      held.withLock { _ = $0.remove(end) }
      return false
    }
    // For the message of `holder(of:)`, in another process.
    mapping.setParty(slot + 1, of: end)
    return true
  }

  func holder(of end: ChannelEnd) -> String {
    if held.withLock({ $0.contains(end) }) { return "this process" }
    let number = mapping.party(of: end)
    guard (1...SegmentLayout.partyCount).contains(number),
      let party = try? file.read(
        SegmentLayout.partyBytes,
        at: SegmentLayout.parties + (number - 1) * SegmentLayout.partyBytes),
      party.count == SegmentLayout.partyBytes
    else { return "another process" }
    return Party(party).description
  }

  func reserve(lanes: Range<Int>) throws(TransportError) {
    let capacity = mapping.shape.capacity
    let bytes = lanes.count * capacity
    do throws(SystemError) {
      // At once: where there is not enough for all, nothing is taken.
      try file.reserve(bytes: bytes, at: dataOffset + lanes.lowerBound * capacity)
    } catch {
      throw TransportError(
        .noSpace,
        "\(path) has no room for another sender's \(ByteCount.bytes(bytes)) (\(error.text)): "
          + "ask for a smaller capacity, or remove what fills the file system", errno: error.number)
    }
  }

  func release(_ end: ChannelEnd) {
    held.withLock { held in
      guard held.remove(end) != nil else { return }
      file.unlock(end.lock)
    }
  }

  func isHeld(_ end: ChannelEnd) -> Bool {
    held.withLock { $0.contains(end) } || file.isLockedElsewhere(end.lock)
  }

  func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch? {
    PartyWatcher.watch(file.descriptor, notice)
  }

  func cutOff() -> [LaneMemory]? {
    isEnding.store(true, ordering: .relaxed)
    return mapping.makePrivate(descriptor: file.descriptor)
  }

  func exclusively(_ body: () -> Void) {
    gate.withLock { _ in
      guard enterGate() else { return }
      Step.reach(.gateTaken)
      body()
      file.unlock(SegmentLayout.gateLock)
    }
  }

  /// False if the process is ending and the gate does not open: a process must not be kept from ending
  /// by another that was stopped. To the others it has then died, and not left in order.
  private func enterGate() -> Bool {
    let isEnding = { self.isEnding.load(ordering: .relaxed) }
    // Not ending yet, though perhaps while it waits: then whoever ends the process has the next turn.
    guard isEnding() else { return file.enterGate(of: path, unless: isEnding) }
    guard !hasGivenUp.load(ordering: .relaxed) else { return false }
    if file.enterGate(until: ContinuousClock.now + File.gatePatience) { return true }
    hasGivenUp.store(true, ordering: .relaxed)
    return false
  }

  func leave() {
    gate.withLock { hasLeft in
      guard !hasLeft.value else { return }
      hasLeft.value = true
      guard enterGate() else { return file.unlockAll() }
      for end in held.withLock({ $0 }) { release(end) }
      file.unlock(SegmentLayout.partyLocks + Int64(slot))
      Step.reach(.partyLeft)
      if !file.hasOtherParties, let here = try? file.status(), let there = FileStatus.of(path),
        here.isSameFile(as: there)
      {
        if unsafe unlink(path) != 0 { reportLeftBehind(SystemError()) }
        Step.reach(.segmentUnlinked)
      }
      file.unlock(SegmentLayout.gateLock)
    }
  }
}

extension Segment {
  /// In a directory as /dev/shm, only the owner of a file may remove it.
  private func reportLeftBehind(_ error: SystemError) {
    Diagnostics.report(
      Diagnostic(
        .leftBehind,
        "\(path) is not in use any more and could not be removed (\(error.text)): "
          + "its owner can, or whoever opens it next goes on with it"))
  }
}

extension File {
  /// Gives up every lock, without the gate.
  fileprivate func unlockAll() {
    for lock in [SegmentLayout.senderLocks, SegmentLayout.receiverLocks, SegmentLayout.partyLocks] {
      for offset in 0..<64 { unlock(lock + Int64(offset)) }
    }
  }

  /// Whether another living party has the segment open.
  var hasOtherParties: Bool {
    isLockedElsewhere(SegmentLayout.partyLocks, count: SegmentLayout.partyCount)
  }
}

extension ChannelEnd {
  /// The byte of the file that its holder keeps locked.
  fileprivate var lock: Int64 {
    switch self {
    case .sender(let lane): SegmentLayout.senderLocks + Int64(lane)
    case .receiver(let slot): SegmentLayout.receiverLocks + Int64(slot)
    }
  }
}
