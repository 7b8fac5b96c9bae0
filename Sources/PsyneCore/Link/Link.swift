/// One side of a connection, without the connection: turns what its two lanes hold into bytes and bytes
/// into what they hold, through any number of breaks. It knows neither sockets nor clocks.
///
/// Bytes of the outbound lane stay there until the other side's program has finished reading them. After
/// a break both sides say how far they have come, and go on from there. `docs/wire-protocol.md` is the
/// protocol.
///
/// Not thread safe: one thread at a time.
package final class Link {
  let role: Hello.Role
  package let terms: LinkTerms
  package let session: LinkID
  /// The listener's side; none while a connector has not met it.
  package private(set) var incarnation: LinkID
  let outbound: OutboundLane
  let inbound: InboundLane

  package enum Phase: Sendable {
    /// No connection.
    case apart
    /// Waiting for the other side's hello.
    case greeting
    case established
    /// Both sides have said goodbye, or this one has, and everything has arrived.
    case finished
    /// For good.
    case failed
  }
  package private(set) var phase = Phase.apart

  /// What has become of the two sides' memory of each other with the last hello.
  package enum Meeting: Equatable, Sendable {
    case new
    /// It goes on where it was.
    case resumed
    /// The other side knows nothing of what was: it gets again what nobody has confirmed, so many
    /// messages, and has been told that it may have been received before.
    case restarted(again: Int)
  }
  /// Set with each hello but that of a refusal; taken by whoever tells the program.
  package var meeting: Meeting?

  // What we send
  private var sent: Int
  /// How far to the side that is there now: no more than that can it have.
  private var offered: Int
  private var everSent: Int
  private var peerReceived: Int
  /// What its program has finished reading: how much there is room for there. Not what is freed here,
  /// which begins later where the lanes are younger than the session.
  private var peerConsumed: Int
  private var announcedEndings: UInt32
  private var repeatsEnding = false
  /// How many receivers had left before us.
  private let receiverEndingsBefore: UInt32
  /// What the other side believes of our receiver; nil if it may not have heard the last of it.
  private var announcedReceiver: Bool? = true
  /// The end of the stream, once it is settled.
  private var closing = Int?.none
  private var hasSaidGoodbye = false
  private var failure: LinkError?
  /// Why it failed, if it did.
  package private(set) var error: LinkError?
  private var output = Output()
  private var peer = LinkTerms?.none
  /// Of a connector, its connections so far; of a listener, the last one that it has taken.
  private var attempt: UInt32 = 0

  // What we receive
  private var received: Int
  private var staging = Staging()
  private var body = Body.none
  private var hasHeardGoodbye = false
  /// Of a connector: whether the hello that has come was that of a listener that turns it away.
  private var isRefused = false
  private var announcedReceived = 0
  private var announcedConsumed = 0
  private var owesAcknowledgement = false

  // Times in nanoseconds
  package private(set) var lastSaid: Int64 = 0
  package private(set) var lastHeard: Int64 = 0

  private enum Body {
    case none
    case data(left: Int)
    case error(left: Int, [UInt8])
  }

  /// Bytes that one block carries at most: so many that a header costs nothing, so few that
  /// acknowledgements are not held up.
  private static var blockBytes: Int { 1 << 20 }

  /// - Parameters:
  ///   - inbound, outbound: lanes with a sender and a receiver, of which this takes one end each.
  ///   - incarnation: of the listener, this side's; none for a connector.
  package init(
    _ role: Hello.Role, _ terms: LinkTerms, session: LinkID, incarnation: LinkID,
    inbound: LaneSet, outbound: LaneSet
  ) throws(TransportError) {
    self.role = role
    self.terms = terms
    self.session = session
    self.incarnation = incarnation
    self.outbound = try OutboundLane(outbound)
    self.inbound = try InboundLane(inbound, largestMessage: terms.largestMessage)
    precondition(
      [inbound, outbound].allSatisfy { $0.shape.capacity == terms.capacity },
      "the window is as large as the lanes")
    sent = self.outbound.head
    offered = sent
    everSent = sent
    peerReceived = sent
    peerConsumed = sent
    announcedEndings = self.outbound.endings
    received = self.inbound.whole
    receiverEndingsBefore = self.inbound.receiver.endings
    self.inbound.arm()
  }
}

// MARK: Life

extension Link {
  /// A connection to the other side is there. Also for a side that has finished: the other one may not
  /// have heard its goodbye.
  package func connect(now: Int64) {
    guard phase != .failed else { return }
    phase = .greeting
    (lastSaid, lastHeard) = (now, now)
    output.clear()
    staging.clear()
    body = .none
    isRefused = false
    guard role == .connector else { return }
    attempt &+= 1
    say(hello)
  }

  /// Whether a connector's hello is of a later connection than those that were taken.
  package func isNews(_ hello: Hello) -> Bool { hello.attempt > attempt }

  /// A connection is there, and the connector's hello has come.
  ///
  /// - Returns: false if the connector has made a later one, which goes on: what this one says of
  ///   positions is no longer so.
  package func accept(_ hello: Hello, now: Int64) throws(LinkError) -> Bool {
    guard phase != .failed else { throw LinkError(.leaving, "this side has given the session up") }
    guard isNews(hello) else { return false }
    attempt = hello.attempt
    connect(now: now)
    say(self.hello)
    try greet(hello)
    return true
  }

  /// The connection has broken.
  package func disconnect() {
    guard phase == .greeting || phase == .established else { return }
    // Whoever has said goodbye hears nothing more: there is nothing to go on with.
    phase = failure != nil ? .failed : hasHeardGoodbye ? .finished : .apart
  }

  /// Nothing more will be sent beyond what is in the lane, and nothing read.
  package func close() { closing = closing ?? outbound.tail }

  /// Whether, once closing, everything this side has sent is the other side's.
  package var isDelivered: Bool { hasSaidGoodbye && peerReceived >= sent || hasHeardGoodbye }

  /// Ends the link because of something this side has found: the other side is told, if it can be.
  package func fail(_ error: LinkError) {
    guard phase != .failed, phase != .finished, failure == nil else { return }
    self.error = self.error ?? error
    if phase != .apart, !error.isFromPeer { failure = error } else { phase = .failed }
    // Nothing of what came is looked at any more.
    staging.clear()
    body = .none
  }

  /// Messages, and bytes of them, that this side has sent and the other side's program has not confirmed.
  package var unconfirmed: (messages: Int, bytes: Int) {
    let tail = outbound.tail
    return (outbound.messages(in: outbound.head..<max(outbound.head, tail)), tail - outbound.head)
  }

  private var hello: Hello {
    var hello = Hello(role: role, terms: terms, session: session, incarnation: incarnation)
    hello.attempt = attempt
    hello.positions.received = received
    hello.positions.whole = inbound.whole
    hello.positions.consumed = inbound.consumed
    hello.positions.held = outbound.head
    hello.positions.sent = everSent
    return hello
  }

  private func say(_ hello: Hello) {
    unsafe output.put(Hello.bytes) { unsafe hello.encode(to: $0) }
    announcedReceived = received
    announcedConsumed = hello.positions.consumed
  }

  /// The other side's hello is there.
  private func greet(_ hello: Hello) throws(LinkError) {
    guard hello.role != role else {
      throw LinkError(.malformed, "both sides are \(role)s")
    }
    guard hello.session == session else {
      throw LinkError(.malformed, "the hello belongs to another session")
    }
    if role == .connector, hello.incarnation == .none {
      // That of one who has no part in the session: it says why, and what stands in its hello is nothing.
      isRefused = true
      return
    }
    try hello.check(against: terms)
    let theirs = hello.positions
    // Whether this listener's side is the one that the connector has met last, or the first one.
    let isKnown =
      [incarnation, hello.incarnation].contains(.none) || incarnation == hello.incarnation
    let isRestart = role == .connector && !isKnown
    // A connector that meets another listener gives up what had begun to come from the last one.
    let theyHave = role == .listener && !isKnown ? theirs.whole : theirs.received
    guard (outbound.head...(isRestart ? outbound.head : offered)).contains(theyHave),
      peer == nil || theirs.consumed >= peerConsumed
    else {
      throw LinkError(
        .malformed, "the other side says that it has what this one has not sent, or has freed")
    }
    guard (isRestart ? inbound.whole : received) >= theirs.held,
      isRestart || theirs.sent >= received
    else {
      throw LinkError(.malformed, "the other side has lost what this one has not received")
    }
    if isRestart {
      meeting = .restarted(again: outbound.messages(in: outbound.head..<everSent))
      try restart()
    } else {
      meeting = meeting ?? (peer == nil ? .new : .resumed)
    }
    if role == .connector { incarnation = hello.incarnation }
    peer = hello.terms
    (sent, peerReceived, peerConsumed) = (theyHave, theyHave, theirs.consumed)
    outbound.free(upTo: theirs.consumed)
    // What was said last may have been lost on the way: it is said again.
    repeatsEnding = announcedEndings != 0
    announcedReceiver = inbound.receiver.endings == receiverEndingsBefore ? true : nil
    hasSaidGoodbye = false
    phase = .established
  }

  /// Another one is there in place of the listener's side.
  private func restart() throws(LinkError) {
    // What had begun to come will not go on; the rest was from one that is gone.
    received = inbound.whole
    inbound.leave(as: .died)
    offered = outbound.head
    // That the last one's ends were left, or that it had said goodbye, says nothing of this one.
    hasHeardGoodbye = false
    do throws(TransportError) {
      try inbound.attach()
      try outbound.attach()
    } catch { throw LinkError(.other, error.message) }
  }
}

extension Link {
  /// What a listener sends to somebody whom it turns away; nil if it is not to be answered, since it does
  /// not speak the protocol, or has not said all of its hello.
  ///
  /// - Parameter start: what it has said, which need not be a hello that can be one.
  package static func refusal(
    of start: Span<UInt8>, _ terms: LinkTerms, _ error: LinkError
  ) -> [UInt8]? {
    guard error.code != .notPsyne, start.count >= Hello.bytes else { return nil }
    let session = unsafe start.withUnsafeBytes { unsafe Hello.session(in: $0) }
    let ours = Hello(role: .listener, terms: terms, session: session, incarnation: .none)
    let body = error.body
    let block = Block(.error, length: body.count, position: 0, received: 0, consumed: 0)
    var bytes = [UInt8](repeating: 0, count: Hello.bytes + Block.bytes)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe ours.encode(to: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Hello.bytes]))
      unsafe block.encode(to: UnsafeMutableRawBufferPointer(rebasing: buffer[Hello.bytes...]))
    }
    return bytes + body
  }
}

// MARK: Sending

extension Link {
  package enum Sent: Sendable {
    /// There is nothing more to send now.
    case all
    /// `write` took less than it was given.
    case blocked
  }

  /// Hands what there is to send to `write`: what stands before and, behind it, bytes of the lane. It
  /// says how many of both it took: less than all, or nothing, if it can take no more now.
  package func send(
    now: Int64, _ write: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Int
  ) -> Sent {
    while output.hasBytes || prepare() {
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

  /// Puts the next block together; false if there is nothing to say.
  private func prepare() -> Bool {
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
    let count = min(end - sent, peerConsumed + terms.capacity - sent, Self.blockBytes)
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
    let receiver = inbound.receiver
    // Before the first one nobody has left.
    let hasReceiver = receiver.isAttached || receiver.endings == receiverEndingsBefore
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

  private func finishIfDone() {
    if phase == .established, hasSaidGoodbye, hasHeardGoodbye, !output.hasBytes {
      phase = .finished
    }
  }

  private func say(_ kind: Block.Kind, _ length: Int = 0) {
    let consumed = inbound.consumed
    let block = Block(
      kind, length: length, position: sent, received: received, consumed: consumed)
    unsafe output.put(Block.bytes) { unsafe block.encode(to: $0) }
    (announcedReceived, announcedConsumed) = (received, consumed)
    owesAcknowledgement = false
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

// MARK: Receiving

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

// MARK: Time

extension Link {
  /// What has become due by now.
  ///
  /// - Throws: where the other side has been silent for too long.
  package func tick(now: Int64) throws(LinkError) {
    guard phase == .established || phase == .greeting else { return }
    if now - lastSaid >= Int64(terms.keepAlive) * 1_000_000 { owesAcknowledgement = true }
    let patience = Int64((peer ?? terms).keepAlive) * Self.patience * 1_000_000
    if now - lastHeard >= patience {
      throw LinkError(
        .silent,
        "the other side has said nothing for \(patience / 1_000_000) ms: it is stopped, or cut off")
    }
  }

  /// A side is silent when so many of its keep-alives are missing.
  private static var patience: Int64 { 3 }

  /// Bytes that the program has read and the other side does not know of.
  package var owed: Int { inbound.consumed - announcedConsumed }

  /// Whether the other side does not know that all has been read.
  package var isAwaitingConfirmation: Bool { received > announcedConsumed }

  /// Looks what the program has read: true if it is so much that the other side has to know now, since
  /// it may wait for it.
  package func noteReading() -> Bool {
    inbound.arm()
    guard phase == .established else { return false }
    // Or the other side has filled all the room that it knows of, and waits.
    let isFull = received - announcedConsumed == terms.capacity
    if owed >= terms.capacity / 4 || owed > 0 && isFull { owesAcknowledgement = true }
    return owesAcknowledgement
  }

  /// Has what was read confirmed with the next output.
  package func acknowledge() {
    if phase == .established, owed > 0 || received != announcedReceived {
      owesAcknowledgement = true
    }
  }

  /// Leaves both lanes: whoever uses them is told.
  package func leave(as ending: LaneEnding) {
    phase = phase == .finished ? .finished : .failed
    inbound.leave(as: ending)
    outbound.leave(as: ending)
  }

  /// End of what the program has published, for the thread that does it.
  package var publishedTail: Int { outbound.ownTail }
  /// How far it is sent.
  package var sentPosition: Int { sent }

  /// Has the bell rung with the next publication, unless it will be anyhow.
  ///
  /// - Returns: whether something was published meanwhile, for which it may not ring.
  package func armOutbound() -> Bool {
    outbound.isArmed ? false : outbound.arm(after: sent) && hasUnsent
  }

  /// The same, for the thread that publishes.
  package func rearmOutbound() { outbound.rearm() }
}
