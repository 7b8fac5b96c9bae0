extension Link {
  package enum Sent: Sendable {
    /// There is nothing more to send now.
    case all
    /// `write` took less than it was given.
    case blocked
  }

  /// Hands what there is to send to `write`: what stands before and, behind it, bytes of the lane. It
  /// says how many of both it took: less than all, or nothing, if it can take no more now.
  ///
  /// - Parameter leaving: fewer bytes than that, by themselves or behind whole ``grain``s, wait for what follows.
  package func send(
    now: Int64, leaving: Int = 0,
    _ write: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Int
  ) -> Sent {
    while output.hasBytes || prepare(leaving: leaving) {
      let head = unsafe output.bytes
      let rest = unsafe outbound.bytes(at: sent, count: output.bodyLeft)
      let count = unsafe write(head, rest)
      guard count > 0 else { return .blocked }
      lastSaid = now
      let total = head.count + rest.count
      let ofBody = output.take(count)
      sent += ofBody
      offered = max(offered, sent)
      everSent = max(everSent, sent)
      if count < total { return .blocked }
      if output.endsLink { phase = .failed }
      finishIfDone()
    }
    return .all
  }

  /// Bytes that the system sends as one, and that TLS makes four records of. A rest costs as much again on
  /// both sides, however small it is. With what encryption adds they are fewer than 45 segments of Ethernet
  /// (1448 bytes), and than one of the loopback interface (65,483).
  package static var grain: Int { 65_024 }
  /// Those of them that are the lane's.
  package static var grainBody: Int { grain - Block.bytes }

  /// Puts the next block together; false if there is nothing to say.
  private func prepare(leaving: Int) -> Bool {
    guard phase == .established || phase == .greeting else { return false }
    if let failure {
      let body = failure.body
      say(.error, body.count)
      unsafe output.put(body.count) { unsafe $0.copyBytes(from: body) }
      output.endsLink = true
      return true
    }
    guard phase == .established else { return false }
    if hasSaidGoodbye || hasHeardGoodbye { return prepareEnd() }
    let endings = outbound.endings
    let hasEnding = endings != announcedEndings || repeatsEnding
    let lastEnd = outbound.lastEnd
    // Read after the endings: no ending that is seen lies beyond it.
    let tail = outbound.tail
    let end = min(hasEnding && lastEnd >= sent ? lastEnd : tail, closing ?? tail)
    // What the other side has read is free there.
    var count = min(end - sent, peerConsumed + terms.capacity - sent, Self.blockBytes)
    let rest = (count + Block.bytes) % Self.grain
    if rest < leaving { count -= rest }
    if count > 0 {
      say(.data, count)
      output.bodyLeft = count
      return true
    }
    if hasEnding, lastEnd <= sent {
      (announcedEndings, repeatsEnding) = (endings, false)
      if lastEnd == sent, endings != 0 {
        say(.senderLeft)
        return true
      }
    }
    let hasReceiver = hasReceiver
    if hasReceiver != announcedReceiver {
      announcedReceiver = hasReceiver
      say(hasReceiver ? .receiverCame : .receiverLeft)
      return true
    }
    return prepareEnd()
  }

  private func prepareEnd() -> Bool {
    // A goodbye is answered with one, whatever is left to say: nobody would hear it.
    if !hasSaidGoodbye, hasHeardGoodbye || sent == closing {
      hasSaidGoodbye = true
      say(.goodbye)
      return true
    }
    guard owesAcknowledgement else { return false }
    say(.acknowledgement)
    return true
  }

  func finishIfDone() {
    if phase == .established, hasSaidGoodbye, hasHeardGoodbye, !output.hasBytes {
      phase = .finished
    }
  }

  func say(_ kind: Block.Kind, _ length: Int = 0) {
    let consumed = inbound.consumed
    let block = Block(
      kind, length: length, position: sent, received: received, consumed: consumed)
    unsafe output.put(Block.bytes) { unsafe block.encode(to: $0) }
    (announcedReceived, announcedConsumed) = (received, consumed)
    owesAcknowledgement = false
  }

  /// Whether there is nothing to send now but messages, and these could wait for more of them: they are less
  /// than `bytes`, less than a quarter of the lane, and there is room for more at the other side.
  package func hasMerelyMessages(below bytes: Int) -> Bool {
    guard hasUnsent, outbound.tail - sent < min(bytes, terms.capacity / 4),
      outbound.tail < peerConsumed + terms.capacity
    else { return false }
    return !output.hasBytes && failure == nil && closing == nil && !hasHeardGoodbye
      && !owesAcknowledgement && !repeatsEnding && outbound.endings == announcedEndings
      && announcedReceiver == hasReceiver
  }

  private var hasReceiver: Bool {
    let receiver = inbound.receiver
    // Before the first one nobody has left.
    return receiver.isAttached || receiver.endings == receiverEndingsBefore
  }

  /// Whether something was published that is not sent, and could be.
  package var hasUnsent: Bool {
    phase == .established && outbound.tail > sent && sent < peerConsumed + terms.capacity
  }

  /// The longest frame that the other side takes, where frames differ.
  package var largestFrame: Int {
    let format = terms.format
    guard let peer, !format.isFixedSize else { return .max }
    let unit = format.headerBytes
    return unit + peer.largestMessage & ~(unit - 1)
  }
}
