/// What a broadcast's sender does about receivers that do not keep up.
public enum SlowReaderPolicy: String, Sendable, CaseIterable {
  /// Waits for them.
  case block
  /// Goes on: they lose the oldest messages and are told how many.
  case lose
  /// Goes on without them: they are told that they were evicted, and can join again.
  case evict
}
