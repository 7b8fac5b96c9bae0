internal import Glibc

/// When what enters a wire of so many bits a second has come out of it.
///
/// There is no bucket that fills while the wire is idle: a byte begins when the one before it is through. What a
/// wire of software loses by waking up late it makes up for, where something lay ready meanwhile.
struct Pace {
  /// Nanoseconds of lateness that are made up for at most. In any time *t* no more than
  /// *rate × (t + lateness)* comes out.
  static let lateness: Int64 = 10_000_000

  let bitsPerSecond: Int
  /// When everything is through that has entered.
  private var free: Int64?

  init(bitsPerSecond: Int) { self.bitsPerSecond = bitsPerSecond }

  /// Lets `count` bytes enter.
  ///
  /// - Parameters:
  ///   - now: in nanoseconds of any clock that only goes forward.
  ///   - wereReady: whether they may have lain there before.
  /// - Returns: when they are through.
  mutating func pass(_ count: Int, at now: Int64, wereReady: Bool) -> Int64 {
    let start = max(free ?? now, wereReady ? now - Self.lateness : now)
    let end = start + Int64(count) * 8_000_000_000 / Int64(bitsPerSecond)
    free = end
    return end
  }

  /// Bytes to let enter at once: those of half a millisecond, a packet's at least.
  var piece: Int { min(max(bitsPerSecond / 16_000, 1448), 65_536) }
}

/// Tells the time of a wire, and waits for it.
struct WireClock: Sendable {
  let now: @Sendable () -> Int64
  let sleep: @Sendable (_ until: Int64) -> Void

  static let system = WireClock {
    Monotonic.now
  } sleep: { deadline in
    var time = timespec(
      tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }
}
