internal import Glibc
internal import PsyneCore
internal import Synchronization

/// A segment that this process has open, and its part in it.
///
/// Every party holds the lock of its slot for as long as it lives, and the lock of each end that it
/// has claimed. The kernel drops them at its death, whatever the process id and the container.
final class Segment: LaneCustody {
  private let file: File
  private let path: String
  private let slot: Int
  let mapping: LaneMapping
  /// The ends that we hold: our own locks do not show in ``File/isLockedElsewhere(_:count:)``.
  private let held = Mutex<Set<LaneEnd>>([])
  /// Excludes our own threads, which share our file description and so our locks.
  private let gate = Mutex<HasLeft>(HasLeft(value: false))

  private struct HasLeft { var value: Bool }

  /// - Parameters:
  ///   - file: the segment, complete and checked.
  ///   - slot: whose lock this file holds.
  init(
    _ file: consuming File, path: String, slot: Int, capacity: Int, placement: LanePlacement
  ) throws(TransportError) {
    mapping = try file.withMappable { descriptor throws(TransportError) in
      try LaneMapping(
        descriptor: descriptor, headerOffset: SegmentLayout.laneHeader,
        dataOffset: SegmentLayout.laneData, capacity: capacity, placement: placement)
    }
    self.file = file
    self.path = path
    self.slot = slot
  }

  /// Gives a new segment its name.
  func link() throws(SystemError) { try file.link(to: path) }

  /// Ends the joining of a segment, during which its opener holds the gate.
  func openGate() { file.unlock(SegmentLayout.gateLock) }
  var partiesCanDie: Bool { true }

  func take(_ end: LaneEnd) throws(TransportError) {
    guard held.withLock({ $0.insert(end).inserted }) else {
      throw TransportError(
        .inUse, "the \(end) of \(path) is in use in this process; it can be claimed once")
    }
    guard file.tryLock(end.lock) else {
      held.withLock { _ = $0.remove(end) }
      throw TransportError(.inUse, "the \(end) of \(path) is in use by \(holder(of: end))")
    }
    mapping.prefault()
    // For the message above, in another process.
    var word = [UInt8](repeating: 0, count: 4)
    word.store(UInt32(slot + 1), at: 0)
    try? file.write(word, at: end.slotOffset)
  }

  private func holder(of end: LaneEnd) -> String {
    guard let word = try? file.read(4, at: end.slotOffset), word.count == 4,
      let slot = Int(exactly: UInt32(littleEndian: word, at: 0)),
      (1...SegmentLayout.partyCount).contains(slot),
      let party = try? file.read(
        SegmentLayout.partyBytes, at: SegmentLayout.parties + (slot - 1) * SegmentLayout.partyBytes),
      party.count == SegmentLayout.partyBytes
    else { return "another process" }
    return Party(party).description
  }

  func release(_ end: LaneEnd) {
    held.withLock { held in
      guard held.remove(end) != nil else { return }
      file.unlock(end.lock)
    }
  }

  func isHeld(_ end: LaneEnd) -> Bool {
    held.withLock { $0.contains(end) } || file.isLockedElsewhere(end.lock)
  }

  func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch? {
    PartyWatcher.watch(file.descriptor, notice)
  }

  func cutOff() -> LaneMemory? {
    mapping.makePrivate(
      descriptor: file.descriptor, headerOffset: SegmentLayout.laneHeader,
      dataOffset: SegmentLayout.laneData)
  }

  func exclusively(_ body: () -> Void) {
    gate.withLock { _ in
      file.enterGate(of: path)
      body()
      file.unlock(SegmentLayout.gateLock)
    }
  }

  func leave() {
    gate.withLock { hasLeft in
      guard !hasLeft.value else { return }
      hasLeft.value = true
      file.enterGate(of: path)
      for end in LaneEnd.allCases { release(end) }
      file.unlock(SegmentLayout.partyLocks + Int64(slot))
      if !file.hasOtherParties, let here = try? file.status(), let there = FileStatus.of(path),
        here.isSameFile(as: there)
      {
        if unsafe unlink(path) != 0 { reportLeftBehind(SystemError()) }
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
  /// Whether another living party has the segment open.
  var hasOtherParties: Bool {
    isLockedElsewhere(SegmentLayout.partyLocks, count: SegmentLayout.partyCount)
  }
}

extension LaneEnd {
  fileprivate var lock: Int64 {
    self == .sender ? SegmentLayout.senderLock : SegmentLayout.receiverLock
  }

  fileprivate var slotOffset: Int {
    self == .sender ? SegmentLayout.senderSlot : SegmentLayout.receiverSlot
  }
}
