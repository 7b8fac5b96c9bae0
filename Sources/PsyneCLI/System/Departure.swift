internal import Glibc
internal import Synchronization

/// Ends the process in order, whatever ends it.
///
/// The signals that ask a process to end are blocked in every thread and fetched by one of their own,
/// which runs the clean-ups and ends the process with 128 plus the signal's number. A handler could
/// not do that: it interrupts code that may hold the locks which leaving a channel needs.
enum Departure {
  private static let cleanUps = Mutex<[@Sendable () -> Void]>([])
  private static let signals = [SIGHUP, SIGINT, SIGTERM]

  /// Call it once, before the first thread is started.
  static func prepare() {
    // A reader that goes away is an error of write(), which ends us in order.
    signal(SIGPIPE, SIG_IGN)
    var awaited = sigset_t()
    unsafe sigemptyset(&awaited)
    // What is ignored stays ignored: nohup, and jobs that a shell script started with '&'.
    for signal in signals where !isIgnored(signal) { unsafe sigaddset(&awaited, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &awaited, nil)
    startThread(waitingFor: awaited)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    // SIG_IGN is the number 1 in a function pointer's place.
    return unsafe withUnsafeBytes(of: action.__sigaction_handler) { raw in
      unsafe raw.loadUnaligned(as: UInt.self) == 1
    }
  }

  private static func startThread(waitingFor awaited: sigset_t) {
    unsafe awaitedSignals = awaited
    var thread = pthread_t()
    let error = unsafe pthread_create(
      &thread, nil,
      { _ in
        var number: Int32 = 0
        while unsafe sigwait(&Departure.awaitedSignals, &number) != 0 {}
        Departure.cleanUps.withLock { list in
          for cleanUp in list.reversed() { cleanUp() }
        }
        _exit(128 + number)
      }, nil)
    guard error == 0 else { fatalError("no thread can be started: error \(error)") }
  }

  // Written once, before the only thread that reads it starts.
  nonisolated(unsafe) private static var awaitedSignals = sigset_t()

  /// Makes something that has to be cleaned up when a signal ends the process. A signal that comes
  /// meanwhile waits: there is no moment in which the thing exists and its clean-up is unknown.
  ///
  /// - Parameters:
  ///   - make: does not take long.
  ///   - cleanUp: runs on another thread. It is not run when the process ends by itself.
  static func guarding<Thing: Sendable>(
    _ make: () throws -> Thing, cleanUp: @escaping @Sendable (Thing) -> Void
  ) rethrows -> Thing {
    try cleanUps.withLock { list in
      let thing = try make()
      list.append { cleanUp(thing) }
      return thing
    }
  }

  /// Ends the process by itself.
  static func exit(_ status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }
}
