internal import PsyneCore
internal import Synchronization

/// How long to wait before connecting anew: up to twice as long each time, and anything up to that, so
/// that many who were cut off at once do not come back at once.
enum Backoff {
  private static let first: Int64 = 50_000_000
  private static let longest: Int64 = 5_000_000_000

  static func delay(_ attempts: Int) -> Int64 {
    .random(in: 0...min(longest, first << min(attempts, 20)))
  }
}

/// Has jobs that block done by threads of the process's one ``DialingPool``.
enum Dialing {
  private static let pool = PerProcess { DialingPool() }

  /// False where the system has no thread.
  static func run(_ job: @escaping @Sendable () -> Void) -> Bool { pool.object.run(job) }
}

/// Threads that block while they connect: few, and gone afterwards.
final class DialingPool: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: [(number: UInt64, job: Job)] = []
    var lastNumber: UInt64 = 0
    /// Threads that were started, and take jobs until there are none. Less for a moment: one may have
    /// ended before it is counted.
    var serving = 0
    /// Those that are being asked for. The system may have none.
    var starting = 0
  }
  private let state = Mutex(State())
  private let start: @Sendable (@escaping Job) -> Bool

  /// So many at a time: more addresses that do not answer make the others wait.
  private static let most = 16

  /// - Parameter start: starts a thread; false where the system has none.
  init(
    start: @escaping @Sendable (@escaping Job) -> Bool = { startServiceThread("psyne-dial", $0) }
  ) {
    self.start = start
  }

  /// False where the system has no thread, and the job will not be done.
  func run(_ job: @escaping Job) -> Bool {
    let (number, isNeeded) = state.withLock { state in
      state.lastNumber += 1
      state.jobs.append((state.lastNumber, job))
      // Whoever serves takes the job before it ends. Who is being asked for may never come to it.
      let isNeeded = state.serving <= 0 || state.serving + state.starting < Self.most
      if isNeeded { state.starting += 1 }
      return (state.lastNumber, isNeeded)
    }
    guard isNeeded else { return true }
    let isStarted = start { [self] in while let job = next() { job() } }
    return state.withLock { state in
      state.starting -= 1
      if isStarted { state.serving += 1 }
      guard state.serving <= 0, !isStarted,
        let own = state.jobs.firstIndex(where: { $0.number == number })
      else { return true }
      // Those of others are theirs: each has asked for a thread.
      state.jobs.remove(at: own)
      return false
    }
  }

  private func next() -> Job? {
    state.withLock { state in
      guard !state.jobs.isEmpty else {
        state.serving -= 1
        return nil
      }
      return state.jobs.removeFirst().job
    }
  }
}
