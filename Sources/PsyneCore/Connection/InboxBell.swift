internal import Synchronization

/// Has a server's receiver wait as that of one of its connections would: it serves the sockets itself,
/// where there are any.
final class InboxBell: LaneBell, @unchecked Sendable {
  // Unchecked: set once, before the receiver is there; and what is under its lock.
  weak var inbox: Inbox?
  /// That of a connection, with which the receiver waits now. Others may be served by other threads.
  private let waiting = Mutex<LaneBell?>(nil)

  /// Whoever rings fences before it looks whether anybody sleeps.
  override var fencesForItself: Bool { true }
  override var sleepsAtOnce: Bool { inbox?.carrierBell?.sleepsAtOnce ?? false }
  override func poll() { inbox?.carrierBell?.poll() }

  /// Who rouses has taken back the word before: either it finds the bell here, or the bell finds the word.
  override func roused() { waiting.withLock(\.self)?.roused() }

  @unsafe
  override func wait(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool {
    guard let bell = inbox?.carrierBell else { return false }
    waiting.withLock { $0 = bell }
    defer { waiting.withLock { $0 = nil } }
    return unsafe bell.wait(on: word, until: deadline, spin: spin)
  }
}
