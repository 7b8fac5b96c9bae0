internal import CPsyne
internal import Synchronization

/// Gets one thread out of its sleep in the kernel: a futex word, 1 while the thread sleeps or is
/// about to. Ringing costs a system call only then.
///
/// The sleeper stores 1 and then looks for mail; the sender stores the mail and then exchanges the
/// word. All four are sequentially consistent, so one of the two sees the other's store. A wait that
/// begins after the exchange finds 0 and ends at once.
@safe
final class Bell: @unchecked Sendable {
  // Unchecked: a constant pointer to an atomic.
  let word: UnsafeMutablePointer<Atomic<UInt32>>

  init() {
    unsafe word = .allocate(capacity: 1)
    unsafe word.initialize(to: Atomic(0))
  }

  deinit { unsafe word.deallocate() }

  /// Whether anybody sleeps is for whoever has just posted mail to find out.
  func ring() {
    if unsafe word.pointee.exchange(0, ordering: .sequentiallyConsistent) != 0 {
      _ = unsafe cpsyne_futex_wake(word, 1)
    }
  }

  func listen() { unsafe word.pointee.store(1, ordering: .sequentiallyConsistent) }

  /// The thread is awake: it looks for mail anyway before it listens again.
  func rest() { unsafe word.pointee.store(0, ordering: .relaxed) }
}
