/// One side of a connection whose lanes both sides map: nobody has to move anything.
///
/// A transport says how the other side learns of the end, and calls ``peerEnded(_:)`` when it has ended.
open class LocalCarrier: Carrier, @unchecked Sendable {
  // Unchecked: it has no state of its own.
  override open func close() { endHere(.closed) }

  override open func abandon() { endHere(.died) }

  private func endHere(_ ending: LaneEnding) {
    guard beginEnd(event(ending, "the connection was abandoned")) else { return }
    // Who waits for a sender that was never claimed is told as well.
    outbound.finish(.sender(0), as: ending)
    tellPeer(ending)
    tellEnd()
  }

  /// Tells the other side that this one has ended.
  open func tellPeer(_ ending: LaneEnding) {}

  /// The other side has ended.
  public final func peerEnded(_ ending: LaneEnding) {
    guard beginEnd(event(ending, "the process at the other side died")) else { return }
    if ending == .closed {
      let (messages, bytes) = outbound.unread
      reportUnread(messages: messages, bytes: bytes)
    }
    inbound.finish(.sender(0), as: ending)
    outbound.finish(.receiver(0), as: ending)
    tellEnd()
  }

  private func event(_ ending: LaneEnding, _ message: String) -> ConnectionEvent {
    guard ending == .died else { return .closed }
    let (messages, bytes) = outbound.unread
    return .failed(
      ConnectionFailure(message, unconfirmedMessages: messages, unconfirmedBytes: bytes))
  }
}

extension LaneSet {
  /// Has an end count as left: one that nobody has had, or that this process has. Another process leaves
  /// its own.
  func finish(_ end: ChannelEnd, as ending: LaneEnding) {
    noticeDeaths(of: [end])
    if isAttachedHere(end) { return detach(end, as: ending) }
    guard memory(of: end).endings == 0, !memory(of: end).isAttached else { return }
    guard (try? attach(toOneOf: [end]) { _ in true }) != nil else { return }
    detach(end, as: ending)
  }

  /// What was sent in the first lane and is not read.
  var unread: (messages: Int, bytes: Int) {
    guard
      let positions = LanePositions(lanes[0], shape: shape, unit: format.positionUnit)
    else { return (0, 0) }
    let range = positions.read..<positions.tail
    return (Frames(of: lanes[0], format).count(in: range, before: positions.tail) ?? 0, range.count)
  }
}
