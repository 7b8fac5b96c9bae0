/// How many messages of the protocol a peer may send when the handshake is over: new keys and tickets. They make
/// no byte, and cost far more than a record of data.
///
/// Who means well renews its keys after hundreds of gigabytes, and hands out a ticket or two.
struct MessageAllowance {
  private var left = Self.atOnce
  /// Up to when it was topped up, in nanoseconds of the monotonic clock.
  private var since: Int64 = 0
  private(set) var isExceeded = false

  static let atOnce: Int64 = 32
  private static let perMessage: Int64 = 1_000_000_000

  /// - Parameter now: no earlier than before.
  mutating func use(at now: Int64) {
    let more = (now - since) / Self.perMessage
    left = min(Self.atOnce, left + more)
    since += more * Self.perMessage
    if left == 0 { isExceeded = true } else { left -= 1 }
  }
}

extension TLSError {
  static var endless: TLSError {
    TLSError(
      .corrupt,
      "the other side has us make new keys, or take tickets, without end (more than \(MessageAllowance.atOnce) at once and one a second): it is broken, or wants to keep this side busy"
    )
  }
}
