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
  let mapping: ChannelMapping
  /// The ends that we hold: our own locks do not show in ``File/isLockedElsewhere(_:count:)``.
  private let held = Mutex<Set<ChannelEnd>>([])
  /// Excludes our own threads, which share our file description and so our locks.
  private let gate = Mutex<HasLeft>(HasLeft(value: false))

  private struct HasLeft { var value: Bool }

  /// - Parameters:
  ///   - file: the segment, complete and checked.
  ///   - slot: whose lock this file holds.
  init(
    _ file: consuming File, path: String, slot: Int, shape: ChannelShape
  ) throws(TransportError) {
    mapping = try ChannelMapping(
      descriptor: file.descriptor,
      place: ChannelMapping.Place(
        headers: SegmentLayout.headers, data: SegmentLayout.data(of: shape)), shape: shape)
    self.file = file
    self.path = path
    self.slot = slot
  }

  /// Gives a new segment its name.
  func link() throws(SystemError) { try file.link(to: path) }

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

  func reserve(lane: Int) throws(TransportError) {
    let shape = mapping.shape
    do {
      try file.reserve(
        bytes: shape.capacity, at: SegmentLayout.data(of: shape) + lane * shape.capacity)
    } catch {
      throw TransportError(
        .noSpace,
        "\(path) has no room for another sender's \(ByteCount.bytes(shape.capacity)) (\(error.text)): "
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

  func cutOff() -> [LaneMemory]? { mapping.makePrivate(descriptor: file.descriptor) }

  func exclusively(_ body: () -> Void) {
    gate.withLock { _ in
      file.lock(SegmentLayout.gateLock)
      body()
      file.unlock(SegmentLayout.gateLock)
    }
  }

  func leave() {
    gate.withLock { hasLeft in
      guard !hasLeft.value else { return }
      hasLeft.value = true
      file.lock(SegmentLayout.gateLock)
      for end in held.withLock({ $0 }) { release(end) }
      file.unlock(SegmentLayout.partyLocks + Int64(slot))
      if !file.hasOtherParties, let here = try? file.status(), let there = FileStatus.of(path),
        here.isSameFile(as: there)
      {
        unsafe unlink(path)
      }
      file.unlock(SegmentLayout.gateLock)
    }
  }
}

extension File {
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
