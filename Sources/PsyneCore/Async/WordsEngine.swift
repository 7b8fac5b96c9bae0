/// Waits by `futex_waitv`, on further threads from the 128th word on; or by naps.
///
/// It looks at a word only while its wait lasts, and the kernel reads it only then: the thread that
/// watches a word has let go of it before the wait ends.
final class WordsEngine: WaitEngine {
  private let usesVector: Bool
  private let own: WordGroup
  private let makeThread: () -> WordThread?
  /// Each with the number of its waits. A thread that has none sleeps.
  private var threads: [(thread: WordThread, count: Int)] = []
  private var ended: [(wait: Wait, wasWoken: Bool)] = []

  /// - Parameter report: called by further threads when a wait has ended.
  init(
    _ bell: Bell, usesVector: Bool, _ report: @escaping @Sendable (Wait, Bool) -> Void
  ) {
    self.usesVector = usesVector
    own = WordGroup(bell, usesVector: usesVector)
    makeThread = { WordThread(report) }
  }

  func begin(_ wait: Wait) {
    guard usesVector, own.count >= WordGroup.limit, let index = threadWithRoom() else {
      own.add(wait)
      return
    }
    threads[index].count += 1
    wait.watcher = threads[index].thread
    threads[index].thread.post(.begin(wait))
  }

  /// Nil where there is no further thread to be had: then the word is one to look at now and then.
  private func threadWithRoom() -> Int? {
    if let index = threads.firstIndex(where: { $0.count < WordGroup.limit }) { return index }
    guard let thread = makeThread() else { return nil }
    threads.append((thread, 0))
    return threads.count - 1
  }

  func end(_ wait: Wait) {
    if let watcher = wait.watcher {
      watcher.post(.end(wait))
    } else if own.remove(wait) {
      ended.append((wait, false))
    }
  }

  func released(_ wait: Wait) {
    guard let index = threads.firstIndex(where: { $0.thread === wait.watcher }) else { return }
    threads[index].count -= 1
    wait.watcher = nil
  }

  func poll() { own.takeChanged { ended.append(($0, true)) } }

  func park(until deadline: Int64) {
    if ended.isEmpty, let woken = own.sleep(until: deadline) { ended.append((woken, true)) }
    poll()
  }

  func next() -> (wait: Wait, wasWoken: Bool)? { ended.popLast() }
}
