import Glibc
import PsyneCore
import Synchronization

/// A thread of its own. Tests run on the pool of the concurrency runtime, which has as many threads
/// as the machine has processors: whatever blocks must not need a second one of those.
final class TestThread: Sendable {
  private final class Work: Sendable {
    let body: @Sendable () throws -> Void
    let failure = Mutex<(any Error)?>(nil)
    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
  }

  private let work: Work
  private let handle: UInt

  init(_ body: @escaping @Sendable () throws -> Void) {
    work = Work(body)
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(work).toOpaque()
    let result = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
        do { try work.body() } catch { work.failure.withLock { $0 = error } }
        return nil
      }, argument)
    precondition(result == 0, "no thread to be had")
    handle = UInt(thread)
  }

  /// Waits for its end, and throws what it threw. Called once.
  func join() throws {
    pthread_join(pthread_t(handle), nil)
    if let failure = work.failure.withLock({ $0 }) { throw failure }
  }
}

/// Runs `other` on a thread of its own while `body` runs here.
func beside(
  _ other: @escaping @Sendable () throws -> Void, _ body: () throws -> Void
) throws {
  let thread = TestThread(other)
  let result = Result { try body() }
  // Its error is the cause where both fail: ours tells of a peer that went away.
  try thread.join()
  try result.get()
}

/// Keeps the thread busy for about as many half microseconds.
@inline(never)
func dally(_ steps: Int) {
  let end = ContinuousClock.now + .nanoseconds(500 * steps)
  while ContinuousClock.now < end {}
}
