internal import PsyneCore

/// Tells a connection what the program does at its outbound lane.
final class OutboundBell: LaneBell, @unchecked Sendable {
  // Unchecked: set once, before the lane has ends.
  weak var connection: TCPConnection?

  override func published() { connection?.published() }
  override var quantum: Int { Link.grainBody }
  override var largestFrame: Int { connection?.largestFrame ?? .max }
  override func flush(all: Bool) { connection?.comesBy(all: all) }
  override func suspends() { connection?.engine.endAttending() }
  override func changed() { connection?.endsChanged() }

  override var fencesForItself: Bool { true }
  override var sleepsAtOnce: Bool { true }
  override func roused() { connection?.engine.endLead() }
  override func poll() { connection?.engine.poll() }
  @unsafe
  override func wait(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool {
    unsafe connection?.engine.lead(on: word, until: deadline, spin: spin) ?? false
  }
}

/// The same at its inbound lane.
final class InboundBell: LaneBell, @unchecked Sendable {
  // Unchecked: set once, before the lane has ends.
  weak var connection: TCPConnection?

  override func published() { connection?.tellArrival() }
  override func freed() { connection?.freed() }
  override func changed() { connection?.endsChanged() }

  override var fencesForItself: Bool { true }
  override var sleepsAtOnce: Bool { true }
  override func roused() { connection?.engine.endLead() }
  override func poll() { connection?.engine.poll() }
  @unsafe
  override func wait(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool {
    unsafe connection?.engine.lead(on: word, until: deadline, spin: spin) ?? false
  }
}
