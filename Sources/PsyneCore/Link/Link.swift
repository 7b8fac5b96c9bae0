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
  package internal(set) var phase = Phase.apart

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
  var sent: Int
  /// How far to the side that is there now: no more than that can it have.
  var offered: Int
  var everSent: Int
  var peerReceived: Int
  /// What its program has finished reading: how much there is room for there. Not what is freed here,
  /// which begins later where the lanes are younger than the session.
  var peerConsumed: Int
  var announcedEndings: UInt32
  var repeatsEnding = false
  /// How many receivers had left before us.
  let receiverEndingsBefore: UInt32
  /// What the other side believes of our receiver; nil if it may not have heard the last of it.
  var announcedReceiver: Bool? = true
  /// The end of the stream, once it is settled.
  var closing = Int?.none
  var hasSaidGoodbye = false
  var failure: LinkError?
  /// Why it failed, if it did.
  package internal(set) var error: LinkError?
  var output = Output()
  var peer = LinkTerms?.none
  /// Of a connector, its connections so far; of a listener, the last one that it has taken.
  private var attempt: UInt32 = 0

  // What we receive
  var received: Int
  var staging = Staging()
  var body = Body.none
  var hasHeardGoodbye = false
  /// Of a connector: whether the hello that has come was that of a listener that turns it away.
  var isRefused = false
  var announcedReceived = 0
  var announcedConsumed = 0
  var owesAcknowledgement = false

  // Times in nanoseconds
  package internal(set) var lastSaid: Int64 = 0
  package internal(set) var lastHeard: Int64 = 0

  enum Body {
    case none
    case data(left: Int)
    case error(left: Int, [UInt8])
  }

  /// Bytes that one block carries at most: so many that a header costs nothing, so few that
  /// acknowledgements are not held up.
  static var blockBytes: Int { 1 << 20 }

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

  func say(_ hello: Hello) {
    unsafe output.put(Hello.bytes) { unsafe hello.encode(to: $0) }
    announcedReceived = received
    announcedConsumed = hello.positions.consumed
  }

  /// The other side's hello is there.
  func greet(_ hello: Hello) throws(LinkError) {
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
  /// not speak the protocol, or has not said all of its hello. Who speaks TLS is told so by an alert: whoever
  /// is left without a word takes it for a break, and comes again.
  ///
  /// - Parameter start: what it has said, which need not be a hello that can be one.
  package static func refusal(
    of start: Span<UInt8>, _ terms: LinkTerms, _ error: LinkError
  ) -> [UInt8]? {
    if error.code == .notPsyne, unsafe start.withUnsafeBytes({ unsafe TLSRecord.begins($0) }) {
      return TLSRecord.versionAlert
    }
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

  /// Whether a part of a message has come, and the rest has not.
  package var isAmidMessage: Bool { received > inbound.whole }

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
