internal import Synchronization

/// Whether a sender writes so much that it flushes by itself, while the bell is silent; and when the engine looks
/// whether it has left something. The sender's thread and the engine's use it at once.
struct Streaming: ~Copyable {
  private let isOnNow = Atomic<Bool>(false)
  /// Whether the sender has come by since the last look.
  private let hasComeBy = Atomic<Bool>(false)
  /// When the engine looks; `.max` if it does not.
  private let looksAt = Atomic<Int64>(.max)

  /// So late, in nanoseconds, the engine sends what a sender has left.
  static let pause: Int64 = 150_000

  var isOn: Bool { isOnNow.load(ordering: .relaxed) }

  /// The sender flushes, having written much or found no room.
  func comesBy() {
    isOnNow.store(true, ordering: .sequentiallyConsistent)
    hasComeBy.store(true, ordering: .sequentiallyConsistent)
  }

  /// Has the engine look a ``pause`` after `time`.
  ///
  /// - Returns: when it is to be called; nil if it looks already.
  func lookLater(_ time: Int64) -> Int64? {
    let isFirst = looksAt.compareExchange(
      expected: .max, desired: time + Self.pause, ordering: .sequentiallyConsistent
    ).exchanged
    return isFirst ? time + Self.pause : nil
  }

  /// The engine has been called, for this or for something else.
  ///
  /// - Returns: when it is to be called again; nil for not at all.
  func look(_ now: Int64) -> Int64? {
    let due = looksAt.load(ordering: .relaxed)
    guard due != .max else { return nil }
    // It is something else that is due, and may have taken the place of this. To end the stream for that
    // would cost each message a system call, until the next 64 KiB.
    guard now >= due else { return due }
    // Sequentially consistent, as in `comesBy`: a sender that finds this pending still is seen here to
    // stream, so that there is always somebody who sends what it has left.
    let isOurs = looksAt.compareExchange(
      expected: due, desired: .max, ordering: .sequentiallyConsistent
    ).exchanged
    guard isOurs, isOnNow.load(ordering: .sequentiallyConsistent) else { return nil }
    if hasComeBy.exchange(false, ordering: .sequentiallyConsistent) { return lookLater(now) }
    // Its next message rings.
    isOnNow.store(false, ordering: .relaxed)
    return nil
  }
}
