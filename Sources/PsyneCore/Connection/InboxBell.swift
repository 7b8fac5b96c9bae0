/// Has a server's receiver wait as that of one of its connections would: it serves the sockets itself,
/// where there are any.
final class InboxBell: LaneBell, @unchecked Sendable {
  // Unchecked: set once, before the receiver is there.
  weak var inbox: Inbox?

  /// Whoever rings does it under the inbox's lock, and so does who looks.
  override var fencesForItself: Bool { true }
  override var sleepsAtOnce: Bool { inbox?.carrierBell?.sleepsAtOnce ?? false }
  override func roused() { inbox?.carrierBell?.roused() }
  override func poll() { inbox?.carrierBell?.poll() }
  @unsafe
  override func wait(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool {
    unsafe inbox?.carrierBell?.wait(on: word, until: deadline, spin: spin) ?? false
  }
}
