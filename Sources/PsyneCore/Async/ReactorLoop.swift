internal import CPsyne

/// What the reactor's thread does: runs jobs, begins and ends waits, sleeps. Used on it alone.
@safe
final class ReactorLoop {
  private let mailbox: Mailbox<ReactorLetter>
  private let executor: UnownedTaskExecutor
  private let engine: any WaitEngine
  /// Which tier it has got.
  let tier: ReactorTier
  private var deadlines = DeadlineHeap()
  private var letters: [ReactorLetter] = []
  private var ready: [UnownedJob] = []
  private var running: [UnownedJob] = []
  private(set) var waitCount = 0

  init(_ preferred: ReactorTier, _ mailbox: Mailbox<ReactorLetter>, _ executor: UnownedTaskExecutor)
  {
    self.mailbox = mailbox
    unsafe self.executor = executor
    if preferred == .uring, let engine = UringEngine(mailbox.bell) {
      self.engine = engine
      tier = .uring
    } else {
      tier = preferred != .nap && WordGroup.hasVector ? .waitv : .nap
      engine = WordsEngine(mailbox.bell, usesVector: tier == .waitv) {
        mailbox.post(.ended($0, wasWoken: $1))
      }
    }
  }

  func run() -> Never {
    while true {
      if mailbox.hasMail { receive() }
      runJobs()
      endDueWaits()
      if ready.isEmpty {
        sleep()
      } else {
        engine.poll()
      }
      while let (wait, wasWoken) = engine.next() { finish(wait, wasWoken) }
    }
  }

  // MARK: From jobs on this thread, or by mail

  /// The job runs when those before it have. No system call.
  func enqueue(_ job: UnownedJob) { ready.append(job) }

  /// The kernel hears of it when the thread goes to sleep: by the same system call.
  func begin(_ wait: Wait) {
    waitCount += 1
    wait.isRunning = true
    if wait.isCancelled {
      // Its word is not looked at. A letter that tells of the cancellation came before and found that
      // the wait had not begun, or comes later and finds that it has ended.
      wait.ending = .cancelled
      finish(wait, false)
      return
    }
    if wait.deadline != .max { deadlines.insert(wait) }
    engine.begin(wait)
  }

  func cancel(_ wait: Wait) { end(wait, with: .cancelled) }

  // MARK: Inside

  private func receive() {
    mailbox.take(&letters)
    for letter in letters {
      switch letter {
      case .job(let job): ready.append(job)
      case .begin(let wait): begin(wait)
      case .cancel(let wait): cancel(wait)
      case .ended(let wait, let wasWoken):
        engine.released(wait)
        finish(wait, wasWoken)
      }
    }
    letters.removeAll(keepingCapacity: true)
  }

  /// Runs what is ready now; what these jobs make ready comes after another look at the waits.
  private func runJobs() {
    guard !ready.isEmpty else { return }
    swap(&ready, &running)
    for job in running { unsafe job.runSynchronously(on: executor) }
    running.removeAll(keepingCapacity: true)
  }

  private func endDueWaits() {
    guard deadlines.earliest != .max else { return }
    let now = cpsyne_monotonic_ns()
    while let wait = deadlines.removeDue(now) { end(wait, with: .timedOut) }
  }

  private func sleep() {
    mailbox.bell.listen()
    if mailbox.hasMail {
      engine.poll()
    } else {
      engine.park(until: deadlines.earliest)
    }
    mailbox.bell.rest()
  }

  /// Has the engine let go of the word. The task is resumed when it has, and only then.
  private func end(_ wait: Wait, with ending: WaitOutcome) {
    // It has not begun, or has ended, or ends already.
    guard wait.isRunning, wait.ending == nil else { return }
    wait.ending = ending
    engine.end(wait)
  }

  /// The only place where a wait that has begun is resumed.
  private func finish(_ wait: Wait, _ wasWoken: Bool) {
    waitCount -= 1
    wait.isRunning = false
    deadlines.remove(wait)
    guard let continuation = unsafe wait.continuation else { return }
    unsafe wait.continuation = nil
    // Unasked for, it is a reason to look again.
    unsafe continuation.resume(returning: wasWoken ? .woken : wait.ending ?? .woken)
  }
}

/// What other threads ask of the reactor's.
enum ReactorLetter: Sendable {
  case job(UnownedJob)
  case begin(Wait)
  case cancel(Wait)
  /// By a thread of the engine: it has let go of the word.
  case ended(Wait, wasWoken: Bool)
}
