import Glibc
import Synchronization

/// Set once by one thread, awaited by another.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
  func await() { while !isSet { sched_yield() } }
}

final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .acquiring) }

  @discardableResult
  func add(_ amount: Int) -> Int {
    count.add(amount, ordering: .acquiringAndReleasing).newValue
  }
}

/// Lets a peer get into any stage of its waiting: for a random time around the one it spins.
func pauseBriefly() { usleep(UInt32.random(in: 0..<100)) }

/// What this thread has cost in processor time.
func threadProcessorTime() -> Duration {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
