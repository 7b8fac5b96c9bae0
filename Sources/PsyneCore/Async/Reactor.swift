internal import CPsyne
internal import Glibc
package import Synchronization

/// One thread of this process that waits for all its sleeping asynchronous ends, however many, and
/// that tasks can run on.
///
/// It starts when it is first used, and has the program's signals blocked. While nothing happens it
/// sleeps.
///
/// Where `await` resumes on Swift's shared pool, a message wakes the reactor, which wakes a thread of
/// the pool. A task that prefers the reactor's thread is spared the second step:
///
/// ```swift
/// Task(executorPreference: Reactor.shared) {
///   // Each await on a channel costs one system call here.
/// }
/// ```
///
/// Such tasks share one thread and keep everybody's wake-ups waiting while they compute: use it for
/// those that mostly wait, and never block in one.
///
/// - Note: A child made by `fork` gets a reactor of its own at first use. One forked by a job on the
///   reactor's thread must execute another program or end.
public final class Reactor: TaskExecutor {
  /// The reactor of this process.
  public static let shared = Reactor()

  private let tier: ReactorTier
  /// The address of a ``ReactorCore`` that is retained for ever; 0 before the first use.
  private let core = Atomic<UInt>(0)

  /// One beside the shared one, for tests. Once used it is never freed.
  package init(_ tier: ReactorTier = .preferred) { self.tier = tier }

  /// Runs `job` on the reactor's thread, after those that were enqueued before, whatever their
  /// priority. Costs a system call if the thread sleeps.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let loop = ownLoop {
      loop.enqueue(job)
    } else {
      runningCore().mailbox.post(.job(job))
    }
  }

  /// On the reactor's thread: how it waits, and for how many words. Nil on others.
  package var status: (tier: ReactorTier, waits: Int)? { ownLoop.map { ($0.tier, $0.waitCount) } }

  /// Suspends the task while the word has the expected value, until the word is woken (a plain futex
  /// wake-up by any process), the deadline passes, or the task is cancelled.
  ///
  /// Whoever wakes the word changes it before. When this returns, nobody looks at the word on its
  /// behalf any more, and nothing is left that could take the wake-up of a later wait: the memory may
  /// be unmapped. Until then the caller keeps it mapped.
  ///
  /// - Parameter deadline: in nanoseconds of the monotonic clock; `Int64.max` for never. To look after
  ///   a peer now and then, give the time of the next look and call again.
  /// - Returns: what came first, or one of those that came together. After ``WaitOutcome/woken`` look
  ///   again: it is also said for a word that had another value, and may be said for nothing.
  /// - Complexity: O(log n) in the number of waits with a deadline; one allocation.
  package func wait(
    on word: UnsafeMutablePointer<Atomic<UInt32>>, expecting expected: UInt32,
    until deadline: Int64 = .max
  ) async -> WaitOutcome {
    if Task.isCancelled { return .cancelled }
    let wait = unsafe Wait(word: word, expected: expected, deadline: deadline)
    guard wait.isAsExpected else { return .woken }
    if deadline != .max, deadline <= cpsyne_monotonic_ns() { return .timedOut }
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        unsafe wait.continuation = continuation
        begin(wait)
      }
    } onCancel: {
      cancel(wait)
    }
  }

  /// The same for a ``Deadline``.
  func wait(
    on word: UnsafeMutablePointer<Atomic<UInt32>>, expecting expected: UInt32,
    until deadline: Deadline
  ) async -> WaitOutcome {
    unsafe await wait(on: word, expecting: expected, until: deadline.nanoseconds)
  }

  private func begin(_ wait: Wait) {
    wait.announce()
    if let loop = ownLoop {
      loop.begin(wait)
    } else {
      runningCore().mailbox.post(.begin(wait))
    }
  }

  /// Called with a lock of the task held: it must not resume the task here, and does not.
  private func cancel(_ wait: Wait) {
    guard wait.cancel() else { return }
    if let loop = ownLoop {
      loop.cancel(wait)
    } else {
      runningCore().mailbox.post(.cancel(wait))
    }
  }
}

// MARK: The thread

extension Reactor {
  private var ownLoop: ReactorLoop? { object(at: core.load(ordering: .acquiring))?.ownLoop }

  private func object(at address: UInt) -> ReactorCore? {
    unsafe UnsafeRawPointer(bitPattern: address).map {
      unsafe Unmanaged<ReactorCore>.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// That of this process; makes it, and starts its thread, if there is none.
  private func runningCore() -> ReactorCore {
    while true {
      // Acquire, here and above, pairs with the release of the exchange: who sees the address sees
      // the object.
      let current = core.load(ordering: .acquiring)
      if let core = object(at: current), core.process == getpid() { return core }
      let fresh = ReactorCore()
      let owned = unsafe Unmanaged.passRetained(fresh)
      let address = unsafe UInt(bitPattern: owned.toOpaque())
      let isOurs = core.compareExchange(
        expected: current, desired: address, ordering: .acquiringAndReleasing
      ).exchanged
      if isOurs {
        fresh.start(tier, for: self)
        return fresh
      }
      unsafe owned.release()  // another thread was faster
    }
  }
}
