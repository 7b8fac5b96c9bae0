extension Link {
  /// Lets `read` put bytes that have come into the lane and, behind them, into a buffer; it says how many
  /// they were. What it says is returned, and what has come is dealt with if it is more than nothing.
  ///
  /// - Throws: for what no peer sends. The link has then failed, and says so in its next output.
  package func receive(
    now: Int64, _ read: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int
  ) throws(LinkError) -> Int {
    var direct = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    if case .data(let left) = body { unsafe direct = inbound.room(at: received, count: left) }
    let count = unsafe read(direct, staging.room)
    guard count > 0 else { return count }
    lastHeard = now
    // What comes behind an error that was found, or behind the end, means nothing.
    guard failure == nil, phase == .greeting || phase == .established else {
      staging.clear()
      return count
    }
    do {
      let inLane = min(count, direct.count)
      if inLane > 0 { dataCame(inLane) }
      staging.add(count - inLane)
      let parsed = Result { () throws(LinkError) in try parse() }
      // Also what came before an error: first, since what is wrong with it was said first.
      try inbound.publish(upTo: received)
      try parsed.get()
    } catch {
      fail(error)
      throw error
    }
    return count
  }

  private func dataCame(_ count: Int) {
    guard case .data(let left) = body else { return }
    received += count
    body = left == count ? .none : .data(left: left - count)
  }

  private func parse() throws(LinkError) {
    defer { staging.settle() }
    while phase == .greeting || phase == .established {
      switch body {
      case .data(let left):
        let bytes = unsafe staging.take(upTo: left)
        guard unsafe !bytes.isEmpty else { return }
        unsafe inbound.room(at: received, count: bytes.count).copyMemory(from: bytes)
        dataCame(bytes.count)
      case .error(let left, let so):
        let bytes = unsafe staging.take(upTo: left)
        guard unsafe !bytes.isEmpty else { return }
        let all = unsafe so + bytes
        guard bytes.count == left else {
          body = .error(left: left - bytes.count, all)
          return
        }
        body = .none
        throw LinkError(body: all)
      case .none:
        if isRefused {
          guard let bytes = unsafe staging.take(exactly: Block.bytes) else { return }
          let block = try unsafe Block(decoding: bytes)
          guard block.kind == .error else {
            throw LinkError(.malformed, "the listener turns us away, and does not say why")
          }
          body = .error(left: block.length, [])
        } else if phase == .greeting {
          unsafe try Hello.check(start: staging.bytes)
          guard let bytes = unsafe staging.take(exactly: Hello.bytes) else { return }
          try greet(try unsafe Hello(decoding: bytes))
        } else {
          guard let bytes = unsafe staging.take(exactly: Block.bytes) else { return }
          try handle(try unsafe Block(decoding: bytes))
        }
      }
    }
  }

  private func handle(_ block: Block) throws(LinkError) {
    guard block.received >= peerReceived, block.received <= sent,
      block.consumed >= peerConsumed, block.consumed <= block.received,
      block.consumed % terms.format.positionUnit == 0
    else { throw LinkError(.malformed, "the other side confirms what this one has not sent") }
    (peerReceived, peerConsumed) = (block.received, block.consumed)
    outbound.free(upTo: block.consumed)
    guard block.position == received else {
      throw LinkError(
        .malformed, "what came next begins at \(block.position), and \(received) was due")
    }
    switch block.kind {
    case .data:
      guard received + block.length - inbound.consumed <= terms.capacity else {
        throw LinkError(.malformed, "more came than there is room for")
      }
      guard !hasHeardGoodbye else {
        throw LinkError(.malformed, "something came after the goodbye")
      }
      body = .data(left: block.length)
    case .acknowledgement: break
    case .senderLeft:
      try inbound.publish(upTo: received)
      guard received == inbound.whole else {
        throw LinkError(.truncated, "the sender left in the middle of a message")
      }
      inbound.leave(as: .closed)
      owesAcknowledgement = true
    case .receiverLeft: outbound.leave(as: .closed)
    case .receiverCame:
      do { try outbound.attach() } catch { throw LinkError(.other, error.message) }
    case .goodbye:
      try inbound.publish(upTo: received)
      let isWhole = received == inbound.whole
      // To a side that closes the other one answers wherever it is.
      guard isWhole || closing != nil else {
        throw LinkError(.truncated, "the other side left in the middle of a message")
      }
      hasHeardGoodbye = true
      inbound.leave(as: isWhole ? .closed : .died)
      outbound.leave(as: .closed)
      finishIfDone()
    case .error: body = .error(left: block.length, [])
    }
  }

  /// The stream has ended: in order only behind a goodbye.
  package var mayEnd: Bool { hasHeardGoodbye }
}
