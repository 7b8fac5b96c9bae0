internal import Glibc
internal import Synchronization

/// The reactor of one process: a child made by `fork` needs another, as it has not inherited the
/// thread. Never freed once the thread runs.
final class ReactorCore: @unchecked Sendable {
  // Unchecked: `loop` is set before `thread`, by the thread that alone gets past the comparison.

  /// The process it belongs to.
  let process = getpid()
  let mailbox = Mailbox<ReactorLetter>()
  private let thread = Atomic<UInt>(0)
  private var loop: ReactorLoop?

  /// Nil on other threads. Relaxed: of its own store a thread is sure, and no other thread's number
  /// is equal.
  var ownLoop: ReactorLoop? { thread.load(ordering: .relaxed) == UInt(pthread_self()) ? loop : nil }

  /// Letters may be posted before.
  func start(_ tier: ReactorTier, for reactor: Reactor) {
    let isStarted = startServiceThread("psyne-reactor") { [self] in
      // The ring of the loop belongs to the thread that makes it. The closure keeps the executor.
      let loop = unsafe ReactorLoop(tier, mailbox, UnownedTaskExecutor(ordinary: reactor))
      self.loop = loop
      thread.store(UInt(pthread_self()), ordering: .relaxed)
      loop.run()
    }
    guard isStarted else { fatalError("the system has no thread for the reactor") }
  }
}
