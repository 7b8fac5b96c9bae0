/// How an end waits for the other side.
public enum WaitStrategy: String, Sendable, CaseIterable {
  /// Keeps looking and never gives up the core.
  case spin
  /// Keeps looking and lets other threads run in between.
  case yield
  /// Spins for about as long as a wake-up takes, then sleeps.
  case adaptive
  /// Sleeps at once.
  case park
}
