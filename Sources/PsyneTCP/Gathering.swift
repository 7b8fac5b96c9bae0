internal import PsyneCore

/// When a thread that sends makes the system call by itself, where the options leave it open.
///
/// A call costs as much as some hundred small messages. So a message that comes alone goes at once, as do the
/// few of a burst; what goes on to follow closely is collected; and who sends without a pause is not even to be
/// asked after each message.
struct Gathering {
  enum Decision { case flush, flushGrains, collect, stream }

  /// What follows the last flush more closely, in nanoseconds, is collected; for every 4 bytes of it, one
  /// nanosecond more: to write takes time, too.
  static func linger(_ bytes: Int) -> Int64 { 4_000 + Int64(bytes / 4) }
  /// So many that follow closely go at once nevertheless: who has been held up for a moment catches up, and
  /// nobody has to sweep after a burst. Each that comes alone gives one back.
  static let burst = 16
  /// More publications within ``linger(_:)`` are a stream: being told of each takes longer than to send them.
  static let publications = 12
  /// Fewer bytes make no stream, where there is no telling how many messages they are.
  static let much = 8 << 10

  /// Whether one that has written so many bytes since its last flush streams. Who did before may have been held
  /// up.
  static func streams(_ bytes: Int, in time: Int64, already isOn: Bool) -> Bool {
    bytes >= much && time < linger(bytes) * (isOn ? 3 : 1)
  }

  private var credit = burst
  private var since: Int64 = 0
  private var collected = 0

  /// What to do about a publication at the time `now`.
  ///
  /// - Parameter lastFlush: when the last flush ended. Both are nanoseconds of one clock.
  mutating func decide(_ lastFlush: Int64, now: Int64, unflushed bytes: Int) -> Decision {
    let isFirst = since != lastFlush
    guard now - lastFlush < Self.linger(bytes) else {
      if isFirst { credit = min(credit + 1, Self.burst) }
      return .flush
    }
    if isFirst, credit > 0 {
      credit -= 1
      return .flush
    }
    if isFirst { (since, collected) = (lastFlush, 0) }
    collected += 1
    if collected > Self.publications { return .stream }
    return bytes >= Link.grain ? .flushGrains : .collect
  }
}
