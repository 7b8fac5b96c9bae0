internal import Synchronization

/// Has work done by one thread at a time, without any of them waiting: who comes while another is at it
/// leaves the work to that one.
final class Baton: Sendable {
  private let pending = Atomic<UInt32>(0)
  private let isHeld = Atomic<Bool>(false)

  /// Whether something is noted that nobody has begun.
  var hasWork: Bool { pending.load(ordering: .relaxed) != 0 }

  /// Notes `work` and, unless another thread is at it, does what is noted.
  ///
  /// - Parameter perform: is called with what was noted. Its return value says whether to go on with what
  ///   came meanwhile: false leaves it to somebody else.
  /// - Returns: whether something is left.
  func run(_ work: Work, _ perform: (Work) -> Bool) -> Bool {
    // Sequentially consistent, all of them: either we see that the other has let go, or it sees what we
    // have noted.
    pending.bitwiseOr(work.rawValue, ordering: .sequentiallyConsistent)
    while !isHeld.exchange(true, ordering: .sequentiallyConsistent) {
      let noted = Work(rawValue: pending.exchange(0, ordering: .sequentiallyConsistent))
      let goesOn = noted.isEmpty || perform(noted)
      isHeld.store(false, ordering: .sequentiallyConsistent)
      guard pending.load(ordering: .sequentiallyConsistent) != 0 else { return false }
      if !goesOn { return true }
    }
    return false
  }
}

/// What there is to do for a connection.
struct Work: OptionSet, Sendable {
  let rawValue: UInt32

  static let read = Work(rawValue: 1)
  static let write = Work(rawValue: 2)
  /// The other side sends nothing more, or the connection has broken: to be read up to there.
  static let readToEnd = Work(rawValue: 4)
  /// Everything.
  static let flush = Work(rawValue: 8)
  /// The program has read.
  static let confirm = Work(rawValue: 16)
  static let tick = Work(rawValue: 32)
  /// A socket has come.
  static let adopt = Work(rawValue: 64)
  static let close = Work(rawValue: 128)
  static let abandon = Work(rawValue: 256)
  /// What waits for more goes at once.
  static let hurry = Work(rawValue: 512)
  /// Whole grains, and what is more than half of one.
  static let flushGrains = Work(rawValue: 1024)
  /// As to abandon, but the other side has heard of it first.
  static let leave = Work(rawValue: 2048)
}
