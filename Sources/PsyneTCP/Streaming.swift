internal import Synchronization

/// Whether a sender writes so much that it flushes by itself, while the bell is silent; and when the engine looks
/// whether it has left something. The sender's thread and the engine's use it at once.
struct Streaming: ~Copyable {
  private let isOnNow = Atomic<Bool>(false)
  /// When the engine looks; `.max` if it does not.
  private let looksAt = Atomic<Int64>(.max)

  /// So late, in nanoseconds, the engine sends what a sender has left.
  static let pause: Int64 = 150_000

  var isOn: Bool { isOnNow.load(ordering: .relaxed) }

  /// Whether the engine is going to look.
  var isLooking: Bool { looksAt.load(ordering: .sequentiallyConsistent) != .max }

  func begin() { isOnNow.store(true, ordering: .sequentiallyConsistent) }
  func end() { isOnNow.store(false, ordering: .relaxed) }

  /// Has the engine look a ``pause`` after `time`.
  ///
  /// - Returns: when it is to be called; nil if it looks already.
  func lookLater(_ time: Int64) -> Int64? {
    // Pairs with that in `look`: a sender that finds one pending has what it left seen there.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let isFirst = looksAt.compareExchange(
      expected: .max, desired: time + Self.pause, ordering: .sequentiallyConsistent
    ).exchanged
    return isFirst ? time + Self.pause : nil
  }

  /// The engine has been called, for this or for something else.
  ///
  /// - Parameters:
  ///   - lastFlush: when that was.
  ///   - hasLeft: whether the sender has left something since.
  /// - Returns: when it is to be called again; nil for not at all. Whatever is left then goes now.
  func look(_ now: Int64, lastFlush: Int64, hasLeft: () -> Bool) -> Int64? {
    let due = looksAt.load(ordering: .relaxed)
    guard due != .max else { return nil }
    // It is something else that is due, and may have taken the place of this. To end the stream for that
    // would cost each message a system call, until it streams again.
    guard now >= due else { return due }
    // Sequentially consistent, as in `begin`: a sender that finds this pending still is seen here to
    // stream, so that there is always somebody who sends what it has left.
    let isOurs = looksAt.compareExchange(
      expected: due, desired: .max, ordering: .sequentiallyConsistent
    ).exchanged
    guard isOurs else { return nil }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if now < lastFlush + Self.pause {
      // What it has left, if anything, is younger than that.
      let mayLeave = isOnNow.load(ordering: .sequentiallyConsistent) || hasLeft()
      return mayLeave ? lookLater(lastFlush) : nil
    }
    // Its next message rings.
    end()
    return nil
  }
}
