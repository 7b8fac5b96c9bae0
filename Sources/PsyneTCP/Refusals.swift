internal import CPsyne
internal import PsyneCore
internal import Synchronization

/// Tells of those that were turned away, so seldom that nobody can fill a log by being so.
enum Refusals {
  private static let strangers = Seldom()
  private static let doors = Seldom()

  /// One who is turned away.
  static func report(_ message: String) { strangers.tell(message) }

  /// Nobody can come in. Counted apart: strangers must not keep this from being told.
  static func reportDoor(_ message: String) { doors.tell(message) }
}

/// Lets one report a second pass, and counts the others.
final class Seldom: Sendable {
  private let state = Mutex<(until: Int64, untold: Int)>((0, 0))

  func tell(_ message: String) {
    guard let untold = pass(now: cpsyne_monotonic_ns()) else { return }
    Diagnostics.report(
      Diagnostic(.refused, untold == 0 ? message : "\(message) (and \(untold) before it)"))
  }

  /// How many were not told before this one; nil if it is not to be told either.
  func pass(now: Int64) -> Int? {
    state.withLock { state in
      guard now >= state.until else {
        state.untold += 1
        return nil
      }
      defer { state = (now + 1_000_000_000, 0) }
      return state.untold
    }
  }
}
