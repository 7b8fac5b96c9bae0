/// What the sender of a broadcast channel does about a reader that does not keep up.
public enum SlowReaderPolicy: String, CaseIterable, Sendable, OptionValue {
  /// Waits for it: nobody misses anything, and the slowest reader sets the pace.
  case block
  /// Goes on: the reader loses the oldest messages, and is told how many.
  case lose
  /// Goes on, and shuts the reader out.
  case evict

  package static var kind: String { "policy for slow readers" }
}
