internal import CPsyne
internal import Glibc
internal import Synchronization

/// Words that one thread watches, beside its bell. What the kernel cannot watch is looked at each
/// millisecond.
///
/// `futex_waitv` names one woken word even if several were. So the values decide: whoever wakes a word
/// has changed it before.
final class WordGroup {
  /// What `futex_waitv` takes beside the bell.
  static let limit = 127
  private static let nap: Int64 = 1_000_000

  private let bell: Bell
  /// How many words the kernel may watch.
  private let watchable: Int
  private var waits: [Wait] = []
  /// What the kernel is given: the bell, then the first of `waits`.
  private var words: [cpsyne_futex_word] = []

  /// - Parameter usesVector: whether the kernel has `futex_waitv`.
  init(_ bell: Bell, usesVector: Bool) {
    self.bell = bell
    watchable = usesVector ? Self.limit : 0
    words.reserveCapacity(watchable + 1)
    unsafe words.append(cpsyne_futex_word(bell.word, 1))
  }

  /// Whether the kernel has `futex_waitv`, and lets us use it.
  static let hasVector: Bool = {
    var value: UInt32 = 0
    let word = unsafe cpsyne_futex_word(&value, 1)
    return unsafe withUnsafePointer(to: word) { unsafe cpsyne_futex_waitv($0, 1, .max) } == -EAGAIN
  }()

  var count: Int { waits.count }

  func add(_ wait: Wait) {
    waits.append(wait)
    if waits.count <= watchable { unsafe words.append(cpsyne_futex_word(wait.word, wait.expected)) }
    wait.slot = waits.count - 1
  }

  /// False if it is not in the group.
  func remove(_ wait: Wait) -> Bool {
    let slot = wait.slot
    guard slot >= 0 else { return false }
    wait.slot = -1
    let last = waits.removeLast()
    if last !== wait {
      waits[slot] = last
      last.slot = slot
      if slot < watchable { unsafe words[slot + 1] = cpsyne_futex_word(last.word, last.expected) }
    }
    if words.count > waits.count + 1 { words.removeLast() }
    return true
  }

  /// Removes the waits whose words have changed.
  func takeChanged(_ body: (Wait) -> Void) {
    var slot = 0
    while slot < waits.count {
      let wait = waits[slot]
      if wait.isAsExpected {
        slot += 1
      } else {
        _ = remove(wait)  // another one takes its place
        body(wait)
      }
    }
  }

  /// Sleeps until a word is woken or the bell rings, or until `deadline`. Returns the wait that the
  /// kernel says was woken, removed from the group; others may have changed.
  func sleep(until deadline: Int64) -> Wait? {
    var deadline = deadline
    if waits.count > watchable { deadline = min(deadline, cpsyne_monotonic_ns() + Self.nap) }
    guard words.count > 1 else {
      _ = unsafe cpsyne_futex_wait(bell.word, 1, deadline)
      return nil
    }
    // Below 0 (EAGAIN, ETIMEDOUT, EINTR): whoever is concerned is found by looking.
    let index = unsafe words.withUnsafeBufferPointer {
      unsafe Int(cpsyne_futex_waitv($0.baseAddress, UInt32($0.count), deadline))
    }
    guard index > 0 else { return nil }
    let wait = waits[index - 1]
    _ = remove(wait)
    return wait
  }
}
