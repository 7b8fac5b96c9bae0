internal import Synchronization

/// What other threads have for one thread to do, in the order they posted it.
final class Mailbox<Letter: Sendable>: Sendable {
  private let letters = Mutex<[Letter]>([])
  private let isFilled = Atomic<Bool>(false)
  /// Rung after each posting.
  let bell = Bell()

  func post(_ letter: Letter) {
    letters.withLock {
      $0.append(letter)
      // Sequentially consistent: the sender's first half of the protocol of `Bell`.
      isFilled.store(true, ordering: .sequentiallyConsistent)
    }
    bell.ring()
  }

  /// Sequentially consistent: the sleeper's second half of the protocol of `Bell`.
  var hasMail: Bool { isFilled.load(ordering: .sequentiallyConsistent) }

  /// Takes all letters in exchange for an empty array, whose memory is used again.
  func take(_ empty: inout [Letter]) {
    letters.withLock {
      swap(&$0, &empty)
      // The lock orders it among the postings.
      isFilled.store(false, ordering: .relaxed)
    }
  }
}
