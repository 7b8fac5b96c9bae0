/// When a thread that sends makes the system call by itself, where the options leave it open.
///
/// A call costs as much as some hundred small messages. So a message that comes alone goes at once; what
/// follows closely is collected; and who sends without a pause is not even to be asked after each message.
struct Gathering {
  enum Decision { case flush, collect, stream }

  /// What follows the last flush more closely, in nanoseconds, is collected.
  static let linger: Int64 = 4_000
  /// More publications within ``linger`` are a stream: being told of each takes longer than to send them.
  static let publications = 12
  /// So are so many bytes.
  static let bytes = 8 << 10

  private var since: Int64 = 0
  private var collected = 0

  /// What to do about a publication at the time `now`.
  ///
  /// - Parameter lastFlush: when the last flush ended. Both are nanoseconds of one clock.
  mutating func decide(_ lastFlush: Int64, now: Int64, unflushed bytes: Int) -> Decision {
    guard now - lastFlush < Self.linger else { return .flush }
    if since != lastFlush { (since, collected) = (lastFlush, 0) }
    collected += 1
    return collected > Self.publications || bytes >= Self.bytes ? .stream : .collect
  }
}
