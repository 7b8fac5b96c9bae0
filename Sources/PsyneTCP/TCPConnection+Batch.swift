internal import PsyneCore
internal import Synchronization

// Under the baton.
extension TCPConnection {
  /// Whether nothing is handed on now, so that messages wait for more, as the codec wants it. Who publishes
  /// comes by again with the next one, and the engine when their time is over.
  func isHeldBack(_ now: Int64, _ isPublisher: Bool) -> Bool {
    guard batch > 0 else { return false }
    if waits(now) {
      // The sender does not ring, and comes by when it has written much, or a sweep does.
      if streaming.isOn { return true }
      if isPublisher {
        // As after a flush: it need not come by for each message.
        lastFlush.store(now, ordering: .relaxed)
        link.rearmOutbound()
        return true
      }
      // What was published before the bell was armed again may be enough.
      _ = link.armOutbound()
      if waits(now) { return true }
    }
    batchEnds = .max
    return false
  }

  private func waits(_ now: Int64) -> Bool {
    guard link.hasMerelyMessages(below: Self.blockBytes) else { return false }
    if batchEnds == .max { batchEnds = now + batch }
    guard now < batchEnds else { return false }
    // Each time: an earlier call, for something else, is in the place of a later one.
    engine.call(ownTag, at: batchEnds)
    return true
  }

  /// So many are worth no wait.
  private static var blockBytes: Int { 64 << 10 }
}
