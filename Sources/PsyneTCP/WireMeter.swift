internal import PsyneCore

/// Sees how fast the wire takes bytes, by what waits for it: while some do, it is the wire that is waited for,
/// and what leaves meanwhile is what it takes. Where none wait, whoever sends is slower, or idle, and nothing is
/// known but that the wire may be faster.
///
/// It knows no clock and no socket.
struct WireMeter {
  private var waiting = 0
  private var since: Int64 = 0

  /// Whether there is something to look at: bytes that had not left when last all was handed on.
  var isWaiting: Bool { waiting > 0 }

  /// All has been handed on that can be now. Of that, `bytes` have not left.
  mutating func rests(waiting bytes: Int, now: Int64) { (waiting, since) = (bytes, now) }

  /// More is about to be handed on, of which nothing was since the last time. Of what was, `bytes` have still not
  /// left.
  ///
  /// - Returns: what is known of the time between; nil for nothing.
  mutating func goesOn(waiting bytes: Int, now: Int64) -> WireSample? {
    let before = (waiting: waiting, since: since)
    (waiting, since) = (0, now)
    guard before.waiting > 0, now > before.since else { return nil }
    return WireSample(
      bytes: max(0, before.waiting - bytes), nanoseconds: now - before.since, isAtMost: bytes == 0)
  }
}
