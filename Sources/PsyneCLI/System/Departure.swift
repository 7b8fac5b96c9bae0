internal import Glibc
internal import Psyne
internal import Synchronization

/// Ends the process in order, whatever ends it.
///
/// A handler tells the signals that ask a process to end to a thread, which runs the clean-ups and ends
/// the process with 128 plus the signal's number. The handler itself could not do that: it interrupts
/// code that may hold the locks which leaving a channel needs. To block the signals and fetch them
/// with `sigwait` would not do either: libdispatch and Subprocess have threads that unblock them.
enum Departure {
  private static let cleanUps = Mutex<[@Sendable () -> Void]>([])
  private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]
  // Written once, before the first handler is installed.
  nonisolated(unsafe) private static var readEnd: Int32 = -1
  nonisolated(unsafe) private static var writeEnd: Int32 = -1

  /// Call it once, first of all.
  static func prepare() {
    StandardStreams.keepPlaces()
    // A reader that goes away is an error of write(), which ends us in order.
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { fatalError("no pipe can be made: error \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    unsafe (readEnd, writeEnd) = (ends[0], ends[1])
    startThread()
    // What is ignored stays ignored: nohup, and jobs that a shell script started with '&'.
    for number in signals {
      if isIgnored(number) { signal(number, SIG_IGN) } else { handle(number) }
    }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    // The language's runtime has one of its own there, whatever was before. A shell that starts something in the
    // background ignores both.
    let signal = signal == SIGQUIT ? SIGINT : signal
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    // SIG_IGN is the number 1 in a function pointer's place.
    return unsafe withUnsafeBytes(of: action.__sigaction_handler) { raw in
      unsafe raw.loadUnaligned(as: UInt.self) == 1
    }
  }

  private static func handle(_ signal: Int32) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      let saved = errno
      var byte = UInt8(truncatingIfNeeded: number)
      _ = unsafe write(Departure.writeEnd, &byte, 1)
      errno = saved
    }
    action.sa_flags = SA_RESTART
    unsafe sigaction(signal, &action, nil)
  }

  private static func startThread() {
    var thread = pthread_t()
    let error = unsafe pthread_create(
      &thread, nil,
      { _ in
        var number: UInt8 = 0
        while unsafe read(Departure.readEnd, &number, 1) != 1 {}
        Departure.cleanUps.withLock { list in
          for cleanUp in list.reversed() { cleanUp() }
          // Those of connections that have ended, or are being made.
          OpenChannels.leave(as: .died)
          // Still under the lock: nothing new is made that would need a clean-up.
          _exit(128 + Int32(number))
        }
        return nil
      }, nil)
    guard error == 0 else { fatalError("no thread can be started: error \(error)") }
  }

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

  /// Ends the process by itself, after its last words. Not any more once a signal ends it: its
  /// clean-ups would look like a failure.
  static func exit(_ status: ExitStatus, saying message: String? = nil) -> Never {
    cleanUps.withLock { _ in
      if let message { Console.complain(message) }
      Glibc.exit(status.rawValue)
    }
  }
}
