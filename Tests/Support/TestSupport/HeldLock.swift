internal import Glibc
internal import PsyneIPC

/// A lock of a segment, held as another process would hold it.
public final class HeldLock: Sendable {
  private let descriptor: Int32

  public init(path: String, offset: Int64) throws {
    descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    var lock = Self.lock(F_WRLCK, offset)
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

  private static func lock(_ type: Int32, _ offset: Int64) -> flock {
    var lock = flock()
    lock.l_type = Int16(type)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(offset)
    lock.l_len = 1
    return lock
  }

  /// Whether somebody holds the lock, without taking it.
  public static func isTaken(path: String, offset: Int64) throws -> Bool {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    defer { close(descriptor) }
    var lock = lock(F_WRLCK, offset)
    // F_OFD_GETLK, likewise.
    guard unsafe fcntl(descriptor, 36, &lock) == 0 else { throw SystemCallError("fcntl \(path)") }
    return lock.l_type != Int16(F_UNLCK)
  }

  /// A living party that claims nothing and says nothing: it holds the lock of a slot.
  public static func ofParty(path: String) throws -> HeldLock {
    try HeldLock(path: path, offset: SegmentLayout.partyLocks + 63)
  }
}
