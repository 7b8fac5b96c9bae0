internal import CPsyne
internal import PsyneCore
internal import Synchronization

/// Where the engine's thread sleeps while it has nothing to do with the sockets.
@safe
final class Standby: @unchecked Sendable {
  // Unchecked: a constant pointer to an atomic.
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  private static let awake: UInt32 = 0
  private static let napping: UInt32 = 1
  private static let deep: UInt32 = 2

  init() {
    unsafe word = .allocate(capacity: 1)
    unsafe word.initialize(to: Atomic(Self.awake))
  }

  deinit { unsafe word.deallocate() }

  enum Outcome { case woken, timedOut }

  var isDeep: Bool { unsafe word.pointee.load(ordering: .sequentiallyConsistent) == Self.deep }

  /// False if nobody sleeps here.
  func wake() -> Bool {
    guard
      unsafe word.pointee.exchange(Self.awake, ordering: .sequentiallyConsistent) != Self.awake
    else { return false }
    _ = unsafe cpsyne_futex_wake(word, 1)
    return true
  }

  /// Sleeps, unless `isDue` says after the announcement that there is something to do.
  func sleep(until deadline: Int64, unless isDue: () -> Bool) -> Outcome {
    unsafe word.pointee.store(Self.napping, ordering: .sequentiallyConsistent)
    if !isDue() { _ = unsafe cpsyne_futex_wait(word, Self.napping, deadline) }
    let before = unsafe word.pointee.exchange(Self.awake, ordering: .sequentiallyConsistent)
    return before == Self.awake ? .woken : .timedOut
  }

  /// Sleeps for as long as nobody wakes us, if `isNeeded` says so after the announcement.
  func sleepDeeply(_ isNeeded: () -> Bool) {
    unsafe word.pointee.store(Self.deep, ordering: .sequentiallyConsistent)
    while isNeeded(), unsafe word.pointee.load(ordering: .sequentiallyConsistent) == Self.deep {
      _ = unsafe cpsyne_futex_wait(word, Self.deep, .max)
    }
    unsafe word.pointee.store(Self.awake, ordering: .sequentiallyConsistent)
  }
}
