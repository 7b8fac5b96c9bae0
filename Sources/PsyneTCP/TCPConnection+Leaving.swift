internal import PsyneCore

extension TCPConnection: Leaver {
  func leave() { run(.leave) }

  func awaitEnd(until deadline: Int64) { hasEnded.wait(until: deadline) }

  /// What the other side is told that need not wait.
  static var farewell: LinkError {
    LinkError(.leaving, "it has left without closing the connection, and will not be back")
  }

  // MARK: Under the baton

  func beginLeaving(_ now: Int64) {
    isLeaving = true
    link.fail(Self.farewell)
    endsBy(now + options.helloTimeout.nanoseconds)
  }

  /// Whether the last word is still on its way: a socket that is closed while something has come that nobody
  /// has read is reset, and with it what the other side has not got yet. So it is the other side that closes.
  var isSayingFarewell: Bool {
    guard isLeaving, socket != nil, let stream else { return false }
    if stream.flush() >= 0, !hasFinishedSending {
      hasFinishedSending = true
      stream.finishSending()
    }
    return true
  }
}
