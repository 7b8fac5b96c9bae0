internal import CPsyne
internal import Synchronization

/// Is set once; any number of threads may wait for that.
@safe
package final class Latch: @unchecked Sendable {
  // Unchecked: the pointer is a constant, and what it points at is atomic.
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  package init() {
    unsafe word = .allocate(capacity: 1)
    unsafe word.initialize(to: Atomic(0))
  }

  deinit { unsafe word.deallocate() }

  package var isSet: Bool { unsafe word.pointee.load(ordering: .acquiring) == 1 }

  /// Release pairs with the acquire of who waits: what was done before is seen.
  package func set() {
    unsafe word.pointee.store(1, ordering: .releasing)
    _ = unsafe cpsyne_futex_wake(word, .max)
  }

  /// Waits until it is set, or until `deadline` on the monotonic clock in nanoseconds.
  package func wait(until deadline: Int64 = .max) {
    while !isSet, deadline == .max || cpsyne_monotonic_ns() < deadline {
      _ = unsafe cpsyne_futex_wait(word, 0, deadline)
    }
  }
}
