internal import Glibc
internal import PsyneIPC

/// A lock of a segment, held as another process would hold it.
public final class HeldLock: Sendable {
  private let descriptor: Int32

  public init(path: String, offset: Int64) throws {
    descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(offset)
    lock.l_len = 1
    // F_OFD_SETLK, which the overlay does not import.
    guard unsafe fcntl(descriptor, 37, &lock) == 0 else { throw SystemCallError("fcntl \(path)") }
  }

  public func release() {
    var lock = flock()
    lock.l_type = Int16(F_UNLCK)
    lock.l_whence = Int16(SEEK_SET)
    _ = unsafe fcntl(descriptor, 37, &lock)
  }

  deinit { close(descriptor) }

  /// A living party that claims nothing and says nothing: it holds the lock of a slot.
  public static func ofParty(path: String) throws -> HeldLock {
    try HeldLock(path: path, offset: SegmentLayout.partyLocks + 63)
  }
}
