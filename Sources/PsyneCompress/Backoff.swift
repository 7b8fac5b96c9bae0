/// Which blocks are tried: all, until several have not paid; then every 2nd, 4th, … 32nd, until one pays.
struct Backoff {
  /// Blocks that may fail before any is left out.
  static let patience = 4
  /// Of this many, one is tried at least.
  static let longest = 32
  /// Shorter blocks say little about those that follow, and cost little: they are tried whenever there is a
  /// try, and change nothing by failing.
  static let evidenceBytes = 256

  private var failures = 0
  private var left = 0

  /// Whether the next block is to be tried.
  mutating func tries() -> Bool {
    guard left > 0 else { return true }
    left -= 1
    return false
  }

  mutating func paid() {
    failures = 0
    left = 0
  }

  mutating func failed(bytes: Int) {
    guard bytes >= Self.evidenceBytes else { return }
    failures += 1
    guard failures >= Self.patience else { return }
    // Of 2, 4, 8, … blocks all but the last are left out.
    left = min(Self.longest, 2 << min(failures - Self.patience, 8)) - 1
  }
}
