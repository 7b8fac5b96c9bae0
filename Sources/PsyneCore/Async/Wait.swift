internal import Synchronization

/// One wait of one task for one word, from the call until the task is resumed.
///
/// Who may use what: `state` anybody; the constants and the continuation, which is set before the
/// reactor's thread gets to see the wait, that thread; `slot` whichever thread watches the word.
@safe
final class Wait: @unchecked Sendable {
  // Unchecked: each part has one user, as said above.
  let word: UnsafeMutablePointer<Atomic<UInt32>>
  let expected: UInt32
  /// Monotonic nanoseconds; `Int64.max` never.
  let deadline: Int64

  // MARK: The reactor's thread

  var isRunning = false
  /// Nil after the wait has ended.
  var continuation: UnsafeContinuation<WaitOutcome, Never>?
  /// Its place in the heap of deadlines; -1 while it is in none.
  var heapIndex = -1
  /// What it ends with unless a wake-up is faster; nil while nobody wants it to end.
  var ending: WaitOutcome?
  /// The thread that watches the word in place of the reactor's.
  var watcher: WordThread?

  // MARK: The thread that watches the word

  /// Its place in a ``WordGroup``; -1 while it is in none.
  var slot = -1

  // MARK: Anybody

  private enum State {
    static let new: UInt8 = 0
    static let announced: UInt8 = 1
    static let cancelled: UInt8 = 2
  }
  private let state = Atomic<UInt8>(State.new)

  init(word: UnsafeMutablePointer<Atomic<UInt32>>, expected: UInt32, deadline: Int64) {
    unsafe self.word = word
    self.expected = expected
    self.deadline = deadline
  }

  /// Whether the word still has the expected value. Acquire pairs with the release of the waker's
  /// exchange: whoever is told of the change sees what the waker did before.
  var isAsExpected: Bool { unsafe word.pointee.load(ordering: .acquiring) == expected }

  /// Before the wait is handed to the reactor.
  ///
  /// Of this and ``cancel()`` one comes first and the other sees it: either the reactor finds the wait
  /// cancelled when it begins it, or it is told of the cancellation. They hand over no data: relaxed.
  func announce() {
    _ = state.compareExchange(
      expected: State.new, desired: State.announced, ordering: .relaxed)
  }

  /// True if the reactor has been handed the wait, or is about to be: it has to be told. It may hear
  /// of the cancellation before it hears of the wait.
  func cancel() -> Bool { state.exchange(State.cancelled, ordering: .relaxed) == State.announced }

  /// For the reactor when it begins the wait. What it was handed the wait by orders this after
  /// ``announce()``, and after a ``cancel()`` that the reactor was told of before.
  var isCancelled: Bool { state.load(ordering: .relaxed) == State.cancelled }
}
