/// How a wait for a word ended.
package enum WaitOutcome: Sendable {
  /// The word was woken, or no longer had the expected value: look again. May be said for nothing.
  case woken
  /// The deadline has passed.
  case timedOut
  /// The task was cancelled.
  case cancelled
}
