internal import CPsyne
internal import Glibc
public import Synchronization

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
package enum Parking {
  /// A sleeper takes about this long to run again, so spinning longer than this before going to
  /// sleep costs at most twice the best choice.
  static let spinNanoseconds: Int64 = 25_000

  /// A yield that takes longer than this has let others run: this CPU is wanted. Else it takes a tenth.
  package static let contendedNanoseconds: Int64 = 3_000

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
  struct Peers {
    /// Looks, and records the death.
    let look: () -> Void
    /// Has the sleeper woken at a death; nil where that cannot be had.
    let watch: () -> PartyWatch?
  }

  /// Waits until `isReady` returns true, true, or until the deadline, false.
  ///
  /// - Parameters:
  ///   - sleeper: what the end sleeps on.
  ///   - peers: who is waited for; nil where nobody can die.
  ///   - isReady: looks at what is awaited; throwing ends the wait.
  static func wait(
    on sleeper: Sleeper, until deadline: Deadline, as strategy: WaitStrategy, peers: Peers?,
    isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    if try isReady() { return true }
    if deadline.hasPassed { return false }
    switch strategy {
    case .spin, .yield:
      return try stayAwake(
        until: deadline, peers, sleeper.bell, yields: strategy == .yield || !canSpin, isReady)
    case .adaptive:
      if canSpin, !(sleeper.bell?.sleepsAtOnce ?? false),
        try spin(until: deadline, isReady)
      {
        return true
      }
    case .park: break
    }
    let spin = strategy == .adaptive && canSpin ? spinNanoseconds : 0
    var looks = Looks(peers)
    while true {
      let isFenced = sleeper.announce()
      defer { sleeper.withdraw() }
      if try isReady() { return true }
      // After the announcement: a death that we do not see now wakes us.
      if looks.look(), try isReady() { return true }
      if deadline.hasPassed { return false }
      var slice = min(deadline.nanoseconds, looks.next)
      if !isFenced { slice = min(slice, cpsyne_monotonic_ns() + fencelessNanoseconds) }
      looks.wasWoken = sleeper.sleep(until: slice, spin: spin)
    }
  }

  /// When one sleep looks after its peers: every so often, or, once they are watched, when it is
  /// woken.
  struct Looks: ~Copyable {
    private let peers: Peers?
    private var watch: PartyWatch?
    private(set) var next: Int64
    var wasWoken = false

    init(_ peers: Peers?) {
      self.peers = peers
      next = peers == nil ? .max : cpsyne_monotonic_ns() + livenessNanoseconds
    }

    /// True if it has looked.
    mutating func look() -> Bool {
      guard let peers else { return false }
      let now = next == .max ? 0 : cpsyne_monotonic_ns()
      guard wasWoken || now >= next else { return false }
      if now >= next {
        if watch != nil {
          next = .max
        } else {
          watch = peers.watch()
          next = now + (watch == nil ? livenessNanoseconds : watchedNanoseconds)
        }
      }
      peers.look()
      return true
    }
  }

  /// Looks until it is true, true, or until the deadline, false. The peer has nobody to wake; whether
  /// it lives is looked at as often as by a sleeper that nobody tells.
  private static func stayAwake(
    until deadline: Deadline, _ peers: Peers?, _ bell: LaneBell?, yields: Bool,
    _ isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    var nextLook = cpsyne_monotonic_ns() + livenessNanoseconds
    while true {
      for _ in 0..<32 {
        bell?.poll()
        if yields { sched_yield() } else { cpsyne_pause() }
        if try isReady() { return true }
      }
      let now = cpsyne_monotonic_ns()
      if now >= deadline.nanoseconds { return false }
      guard let peers, now >= nextLook else { continue }
      peers.look()
      nextLook = now + livenessNanoseconds
    }
  }

  /// Spins for as long as a sleeper takes to run again; false when it is time to sleep. Where there are
  /// more threads than CPUs, whoever is waited for may need this one: then to yield shows it, and to
  /// spin on would only keep it away.
  private static func spin(
    until deadline: Deadline, _ isReady: () throws(ChannelError) -> Bool
  ) throws(ChannelError) -> Bool {
    var now = cpsyne_monotonic_ns()
    let end = min(deadline.nanoseconds, now + spinNanoseconds)
    while now < end {
      for _ in 0..<16 {
        cpsyne_pause()
        if try isReady() { return true }
      }
      let before = cpsyne_monotonic_ns()
      sched_yield()
      now = cpsyne_monotonic_ns()
      if now - before > contendedNanoseconds { return try isReady() }
    }
    return false
  }
}

/// What an end announces its sleep in, and sleeps on.
@safe
struct Sleeper {
  let word: UnsafeMutablePointer<Atomic<UInt32>>
  /// Where the senders look whether a receiver may be asleep.
  private let hints: [LaneMemory]
  /// Does what there is to do while we sleep.
  let bell: LaneBell?

  init(sender lane: LaneMemory) {
    unsafe word = lane.word(LaneLayout.senderParked)
    hints = []
    bell = lane.channel.bell
  }

  init(receiver slot: Int, of lanes: [LaneMemory]) {
    unsafe word = lanes[0].channel.word(slot, ChannelLayout.parked)
    hints = lanes
    bell = lanes[0].channel.bell
  }

  /// Sleeps until the word is taken back or until `deadline`. False if the deadline has passed.
  ///
  /// - Parameter spin: for how many nanoseconds to stay awake first, where a bell has something to do.
  func sleep(until deadline: Int64, spin: Int64) -> Bool {
    if let bell, unsafe bell.wait(on: word, until: deadline, spin: spin) { return true }
    // 0, EAGAIN (the waker was faster), EINTR, ETIMEDOUT: look again in every case.
    return unsafe cpsyne_futex_wait(word, 1, deadline) != Self.timedOut
  }

  /// ETIMEDOUT on every Linux.
  private static let timedOut: Int32 = 110

  /// False where the kernel has no barrier for us: then the sleep must be short.
  func announce() -> Bool {
    unsafe word.pointee.store(1, ordering: .relaxed)
    Step.reach(.parkAnnounced)
    for lane in hints {
      // Release pairs with the sender's acquire: whoever sees the hint sees the word.
      unsafe lane.word(LaneLayout.receiversParked).pointee.store(1, ordering: .releasing)
      Step.reach(.parkHinted)
    }
    if bell?.fencesForItself ?? false {
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      return true
    }
    return AsymmetricFence.heavy()
  }

  func withdraw() {
    // The hints stay: others may have set them as well. A sender that finds one for nothing loses some
    // ten nanoseconds, once.
    unsafe word.pointee.store(0, ordering: .relaxed)
    Step.reach(.parkWithdrawn)
  }
}

extension LaneMemory {
  /// Wakes the sender, which has announced its sleep in `word`.
  @usableFromInline @inline(never)
  static func wakeParkedSender(
    _ word: UnsafeMutablePointer<Atomic<UInt32>>, _ channel: UnsafePointer<ChannelMemory>
  ) {
    if unsafe word.pointee.exchange(0, ordering: .acquiringAndReleasing) != 0 {
      Step.reach(.senderTaken)
      _ = unsafe cpsyne_futex_wake(word, 1)
      if let bell = unsafe channel.pointee.bell {
        bell.roused()
        bell.freed()
      }
    }
  }
}
