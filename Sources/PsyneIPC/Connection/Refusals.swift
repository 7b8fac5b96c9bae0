internal import CPsyne
internal import PsyneCore
internal import Synchronization

/// Tells of those that a listener has turned away, so seldom that nobody can fill a log by being so.
final class Refusals: Sendable {
  private struct State {
    var next: Int64 = 0
    var untold = 0
  }
  private let state = Mutex(State())

  func report(_ message: String) {
    let untold = state.withLock { state -> Int? in
      let now = cpsyne_monotonic_ns()
      guard now >= state.next else {
        state.untold += 1
        return nil
      }
      defer { state = State(next: now + 1_000_000_000, untold: 0) }
      return state.untold
    }
    guard let untold else { return }
    Diagnostics.report(
      Diagnostic(.refused, untold == 0 ? message : "\(message) (and \(untold) before it)"))
  }
}
