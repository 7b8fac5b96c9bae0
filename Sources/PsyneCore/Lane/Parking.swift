internal import CPsyne
internal import Glibc
internal import Synchronization

/// A point in time on the monotonic clock, in nanoseconds; `Int64.max` is never.
@frozen @usableFromInline
struct Deadline: Sendable {
  @usableFromInline let nanoseconds: Int64

  @inlinable
  static var never: Deadline { Deadline(nanoseconds: .max) }

  /// `timeout` from now; nil is never, and zero or less has already passed.
  @usableFromInline
  init(after timeout: Duration?) {
    guard let timeout else {
      self = .never
      return
    }
    let (seconds, attoseconds) = timeout.components
    // Beyond 200 years is never.
    guard seconds < 6_000_000_000 else {
      self = .never
      return
    }
    let length = max(0, seconds) * 1_000_000_000 + max(0, attoseconds) / 1_000_000_000
    nanoseconds = timeout <= .zero ? 0 : cpsyne_monotonic_ns() + length
  }

  @inlinable
  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  var hasPassed: Bool {
    nanoseconds != .max && (nanoseconds == 0 || cpsyne_monotonic_ns() >= nanoseconds)
  }
}

/// How long to wait in which way. See `docs/architecture.md` for the protocol.
enum Parking {
  /// A sleeper takes about this long to run again, so spinning longer than this before going to
  /// sleep costs at most twice the best choice.
  static let spinNanoseconds: Int64 = 25_000

  /// A sleeper looks this often whether its peer still lives, where nobody tells it.
  static let livenessNanoseconds: Int64 = 50_000_000

  /// A sleeper looks once more, this long after it has had its peer watched: a death that was under
  /// way when the watch began may not have been reported to it.
  static let watchedNanoseconds: Int64 = 1_000_000_000

  /// A sleeper without a barrier looks this often whether it has missed a wake-up.
  static let fencelessNanoseconds: Int64 = 1_000_000

  /// Spinning on the only CPU would keep the peer from running. Our own affinity says nothing: a
  /// thread pinned to one CPU has its peer on another.
  static let canSpin = cpsyne_online_cpus() > 1

  /// How to learn that a peer has died.
  struct Peer {
    /// Looks, and records the death.
    let look: () -> Void
    /// Has the sleeper woken at a death; nil where that cannot be had.
    let watch: () -> PartyWatch?
  }

  /// Waits until `isReady` returns true, true, or until the deadline, false.
  ///
  /// - Parameters:
  ///   - word: offset of the futex to announce the sleep in.
  ///   - peer: who is waited for; nil where nobody can die.
  ///   - strategy: what to do meanwhile.
  ///   - isReady: looks at what is awaited; throwing ends the wait.
  static func wait(
    on lane: LaneMemory, word offset: Int, until deadline: Deadline, peer: Peer?,
    strategy: WaitStrategy = .adaptive, isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    if try isReady() { return true }
    if deadline.hasPassed { return false }
    switch strategy {
    case .spin, .yield:
      return try stayAwake(until: deadline, peer, yields: strategy == .yield || !canSpin, isReady)
    case .adaptive: if canSpin, try spin(until: deadline, isReady) { return true }
    case .park: break
    }
    let word = unsafe lane.word(offset)
    var looks = Looks(peer)
    while true {
      unsafe word.pointee.store(1, ordering: .relaxed)
      let isFenced = AsymmetricFence.heavy()
      defer { unsafe word.pointee.store(0, ordering: .relaxed) }
      if try isReady() { return true }
      // After the announcement: a death that we do not see now wakes us.
      if looks.look(), try isReady() { return true }
      if deadline.hasPassed { return false }
      var slice = min(deadline.nanoseconds, looks.next)
      if !isFenced { slice = min(slice, cpsyne_monotonic_ns() + fencelessNanoseconds) }
      // 0, EAGAIN (the waker was faster), EINTR, ETIMEDOUT: look again in every case.
      let result = unsafe cpsyne_futex_wait(word, 1, slice)
      looks.wasWoken = result != timedOut
    }
  }

  /// When one sleep looks after its peer: every so often, or, once it is watched, when it is woken.
  private struct Looks {
    private let peer: Peer?
    private var watch: PartyWatch?
    private(set) var next: Int64
    var wasWoken = false

    init(_ peer: Peer?) {
      self.peer = peer
      next = peer == nil ? .max : cpsyne_monotonic_ns() + livenessNanoseconds
    }

    /// True if it has looked.
    mutating func look() -> Bool {
      guard let peer else { return false }
      let now = next == .max ? 0 : cpsyne_monotonic_ns()
      guard wasWoken || now >= next else { return false }
      if now >= next {
        if watch != nil {
          next = .max
        } else {
          watch = peer.watch()
          next = now + (watch == nil ? livenessNanoseconds : watchedNanoseconds)
        }
      }
      peer.look()
      return true
    }
  }

  /// Looks until it is true, true, or until the deadline, false. The peer has nobody to wake; whether
  /// it lives is looked at as often as by a sleeper that nobody tells.
  private static func stayAwake(
    until deadline: Deadline, _ peer: Peer?, yields: Bool,
    _ isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    var nextLook = cpsyne_monotonic_ns() + livenessNanoseconds
    while true {
      for _ in 0..<32 {
        if yields { sched_yield() } else { cpsyne_pause() }
        if try isReady() { return true }
      }
      let now = cpsyne_monotonic_ns()
      if now >= deadline.nanoseconds { return false }
      guard let peer, now >= nextLook else { continue }
      peer.look()
      nextLook = now + livenessNanoseconds
    }
  }

  private static func spin(
    until deadline: Deadline, _ isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    let end = min(deadline.nanoseconds, cpsyne_monotonic_ns() + spinNanoseconds)
    repeat {
      for _ in 0..<32 {
        cpsyne_pause()
        if try isReady() { return true }
      }
    } while cpsyne_monotonic_ns() < end
    return false
  }

  /// ETIMEDOUT on every Linux.
  private static let timedOut: Int32 = 110
}

extension LaneMemory {
  /// Wakes whoever has announced its sleep in the futex at `offset`.
  @usableFromInline @inline(never)
  func wake(_ offset: Int) {
    let word = unsafe word(offset)
    if unsafe word.pointee.exchange(0, ordering: .acquiringAndReleasing) != 0 {
      _ = unsafe cpsyne_futex_wake(word, 1)
    }
  }
}
