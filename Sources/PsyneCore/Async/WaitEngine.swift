internal import Glibc

/// Watches words for the reactor, on whose thread alone it is called.
///
/// A wait that has begun ends exactly once: ``next()`` returns it, and from then on neither the engine
/// nor the kernel has anything to do with its word. Asked to end, it ends soon.
protocol WaitEngine: AnyObject {
  func begin(_ wait: Wait)
  func end(_ wait: Wait)

  /// Lets waits end that can, without sleeping.
  func poll()
  /// Sleeps until a wait has ended, the reactor's bell rings, or `deadline`.
  func park(until deadline: Int64)

  /// A wait that has ended, and whether by a wake-up or another value.
  func next() -> (wait: Wait, wasWoken: Bool)?

  /// A thread of the engine reports that it no longer watches this word.
  func released(_ wait: Wait)
}

/// Ways to wait for many words, the best first.
package enum ReactorTier: String, Sendable, CaseIterable {
  /// io_uring futex waits (Linux 6.7): any number of words on one thread. Often forbidden in containers.
  case uring
  /// `futex_waitv` (Linux 5.16): 127 words a thread; the reactor's own watches the first 127.
  case waitv
  /// Naps of a millisecond, and a look at every word.
  case nap

  /// What the environment asks for, to test or to avoid a tier: `PSYNE_REACTOR=uring|waitv|nap`.
  /// A better tier than the kernel offers is no error: the next one is taken.
  static var preferred: ReactorTier {
    guard let name = unsafe getenv("PSYNE_REACTOR") else { return .uring }
    return unsafe ReactorTier(rawValue: String(cString: name)) ?? .uring
  }
}
