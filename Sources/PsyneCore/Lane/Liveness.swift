internal import CPsyne
internal import Synchronization

/// For an end that polls instead of waiting, or waits only briefly: when it looks again whether its
/// peers still live.
final class Liveness: Sendable {
  /// On the coarse clock.
  private let next = Atomic<Int64>(0)

  /// Runs `look` unless it was run a short while ago.
  func poll(_ look: () -> Void) {
    let now = cpsyne_monotonic_coarse_ns()
    guard now >= next.load(ordering: .relaxed) else { return }
    next.store(now + Parking.livenessNanoseconds, ordering: .relaxed)
    look()
  }
}
