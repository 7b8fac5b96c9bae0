import PsyneCore

/// One side of a link with its program, and a stranger on the other side who follows a script.
struct Conversation<Tested: Program>: ~Copyable {
  private let setting: Setting
  private let format = MessageFormat(Tested.Body.self)
  private let link: Link
  private let inbound: SPSCChannel<Tested.Body>
  private let outbound: SPSCChannel<Tested.Body>
  private var receiver: Receiver<Tested.Body>?
  private var sender: Sender<Tested.Body>?
  private var listening = Listening()
  private var outcome = LinkFuzz.Outcome()
  private var takesNothing = false
  private var now: Int64 = 0
  /// Of a listener's side: what has come of a hello, before the link is told of it.
  private var door: [UInt8]?
  /// Connections so far; of a listener's side, as the last hello that it has taken counted them.
  private var attempt: UInt32 = 0
  /// Where both streams begin.
  private let start: Int

  private static var capacity: Int { 4096 }
  private static var session: (UInt64, UInt64) { (1, 2) }
  /// How often the other side has been started again, as another one.
  private var restarts: UInt64 = 0
  private static var incarnation: (UInt64, UInt64) { (3, 4) }

  static func run(_ setting: Setting, _ script: inout Script) -> LinkFuzz.Outcome {
    var conversation = begin(setting)
    conversation.connect(greets: setting.greets)
    while !script.isOver { conversation.step(&script) }
    conversation.finish()
    return conversation.outcome
  }

  private static func begin(_ setting: Setting) -> Conversation {
    let format = MessageFormat(Tested.Body.self)
    let incoming = Lanes(format, capacity: capacity)
    let outgoing = Lanes(format, capacity: capacity)
    let start = setting.isResumed ? format.positionUnit * 5000 : 0
    if setting.isResumed {
      incoming.lanes.begin(at: start)
      outgoing.lanes.begin(at: start)
    }
    let terms = LinkTerms(
      format: format, capacity: capacity, largestMessage: capacity / 2, keepAlive: 5000)
    do {
      let link = try Link(
        setting.isConnector ? .connector : .listener, terms,
        session: LinkID(low: session.0, high: session.1),
        incarnation: setting.isConnector
          ? .none : LinkID(low: incarnation.0, high: incarnation.1),
        inbound: incoming.lanes, outbound: outgoing.lanes)
      let inbound = incoming.channel(Tested.Body.self)
      let outbound = outgoing.channel(Tested.Body.self)
      return Conversation(
        setting, link, inbound, outbound, try inbound.receiver(), try outbound.sender(), start)
    } catch {
      fatalError("the ends cannot be had: \(error)")
    }
  }

  private init(
    _ setting: Setting, _ link: Link, _ inbound: SPSCChannel<Tested.Body>,
    _ outbound: SPSCChannel<Tested.Body>, _ receiver: consuming Receiver<Tested.Body>,
    _ sender: consuming Sender<Tested.Body>, _ start: Int
  ) {
    self.setting = setting
    self.link = link
    self.inbound = inbound
    self.outbound = outbound
    self.receiver = consume receiver
    self.sender = consume sender
    self.start = start
    listening.resume(at: start)
  }

  // MARK: Steps

  private mutating func step(_ script: inout Script) {
    // What comes may make a hello, which says what it likes.
    if link.phase == .greeting || door != nil { listening.resumeAnywhere() }
    switch Step(script.byte()) {
    case .raw: come(script.take(script.word() & 0xfff))
    case .block:
      let (kind, length) = (script.byte() & 15, script.word() & 0x1fff)
      var block = block(UInt32(kind), length: length)
      block.position &+= Int(Int8(bitPattern: script.byte()))
      block.received &+= Int(Int8(bitPattern: script.byte())) &* 8
      block.consumed &+= Int(Int8(bitPattern: script.byte())) &* 8
      var body: [UInt8] = []
      if kind == WireBlock.data || kind == WireBlock.error {
        body = script.take(length)
        body += [UInt8](repeating: 0, count: length - body.count)
      }
      come(block.bytes + body)
    case .message:
      let (type, count) = (script.byte(), script.word() & 0x7ff)
      let frame = Tested.frame(count, type: type)
      come(block(WireBlock.data, length: frame.count).bytes + frame)
    case .receive: receive(Int(script.byte()))
    case .send: send(Int(script.byte()) * 4)
    case .ends: changeEnds(script.byte())
    case .reconnect:
      link.disconnect()
      let how = script.byte()
      connect(greets: true, lost: Int(how & 127) * 8, isRestart: how & 128 != 0)
    case .reconnectSilently:
      link.disconnect()
      connect(greets: false)
    case .time:
      now += Int64(script.byte()) * 100_000_000
      do { try link.tick(now: now) } catch { outcome.errors += 1 }
    case .owner:
      switch script.byte() & 7 {
      case 0: link.acknowledge()
      case 1: _ = link.noteReading()
      case 2: link.close()
      case 3: _ = link.armOutbound()
      default: takesNothing.toggle()
      }
    }
    flush()
    check()
  }

  /// A block that is right, as far as the link has said.
  private func block(_ kind: UInt32, length: Int = 0) -> WireBlock {
    WireBlock(
      kind: kind, length: length, position: listening.received, received: listening.position,
      consumed: listening.position - listening.position % format.positionUnit)
  }

  private mutating func connect(greets: Bool, lost: Int = 0, isRestart: Bool = false) {
    listening.begin()
    attempt &+= 1
    if setting.isConnector {
      link.connect(now: now)
      flush()
      if greets { come(greeting(lost: lost, isRestart: isRestart).bytes) }
    } else {
      door = []
      if greets { come(greeting(lost: lost, isRestart: false).bytes) }
    }
    flush()
    check()
  }

  /// What is right to say, and where the link then goes on.
  private mutating func greeting(lost: Int, isRestart: Bool) -> WireHello {
    let unit = format.positionUnit
    let freed = link.publishedTail - link.unconfirmed.bytes
    let heard = isRestart ? listening.held : max(freed, listening.position - lost)
    listening.resume(at: heard)
    let consumed = max(freed, heard - heard % unit)
    // What it has not received is still held: from the beginning of the message that is under way.
    let sent = isRestart ? listening.whole : max(start, listening.received)
    if isRestart {
      restarts += 1
      listening.restart()
    }
    let incarnation =
      !setting.isConnector ? (0, 0) : restarts > 0 ? (5, restarts) : Self.incarnation
    return WireHello(
      role: setting.isConnector ? 2 : 1, type: format.type.rawValue,
      elementSize: UInt32(format.elementSize), alignment: UInt16(format.elementAlignment),
      isFixedSize: format.isFixedSize, attempt: attempt, capacity: Self.capacity,
      session: Self.session, incarnation: incarnation,
      positions: [heard, consumed, consumed, sent - sent % unit, sent])
  }

  /// A listener's link is given a connection once there is a hello.
  private mutating func comeToDoor(_ bytes: [UInt8]) {
    let came = (door ?? []) + bytes
    door = came
    do throws(LinkError) {
      guard let hello = try Hello(of: came.span) else { return }
      door = nil
      outcome.came += Wire.helloBytes
      do throws(LinkError) {
        guard try link.accept(hello, now: now) else {
          // A later one has come before: there is nobody until the next connection.
          door = []
          return
        }
        attempt = hello.attempt
      } catch {
        outcome.errors += 1
        link.fail(error)
      }
      come(Array(came.dropFirst(Wire.helloBytes)))
    } catch {
      // Turned away: there is nobody until the next connection.
      outcome.errors += 1
      door = []
      refuse(came, error)
    }
  }

  /// What is said to somebody who is turned away, and whether it is what a peer can take.
  private func refuse(_ came: [UInt8], _ error: LinkError) {
    let isHello = came.count >= Wire.helloBytes && came.starts(with: Wire.magic)
    let terms = LinkTerms(
      format: format, capacity: Self.capacity, largestMessage: 1, keepAlive: 5000)
    let refusal = Link.refusal(of: came.span, terms, error)
    LinkFuzz.expect((refusal != nil) == isHello, "the wrong ones are answered")
    guard let refusal else { return }
    var heard = Listening()
    heard.hear(refusal, capacity: Self.capacity)
    LinkFuzz.expect(heard.isRefused, "a refusal is none")
    LinkFuzz.expect(heard.session == came[56..<72], "it is another session's")
  }

  /// Gives bytes to the link, as many at a time as there are to be.
  private mutating func come(_ bytes: [UInt8]) {
    guard door == nil else { return comeToDoor(bytes) }
    var rest = bytes[...]
    while !rest.isEmpty, link.phase == .greeting || link.phase == .established {
      let chunk = rest.prefix(setting.chunk)
      var count = 0
      do throws(LinkError) {
        count = try unsafe link.receive(now: now) { first, second in
          let inFirst = min(first.count, chunk.count)
          let inSecond = min(second.count, chunk.count - inFirst)
          if inFirst > 0 { unsafe first.copyBytes(from: chunk.prefix(inFirst)) }
          if inSecond > 0 {
            unsafe second.copyBytes(from: chunk.dropFirst(inFirst).prefix(inSecond))
          }
          count = inFirst + inSecond
          return count
        }
      } catch {
        outcome.errors += 1
      }
      LinkFuzz.expect(count > 0, "it has no room for what comes")
      outcome.came += count
      rest = rest.dropFirst(count)
    }
  }

  private mutating func flush() {
    guard !takesNothing else { return }
    var heard: [UInt8] = []
    // Each call takes something, or is the last.
    while true {
      var taken = 0
      let sent = unsafe link.send(now: now) { head, body in
        let ofHead = min(head.count, setting.chunk)
        let ofBody = min(body.count, setting.chunk - ofHead)
        unsafe heard += head.prefix(ofHead)
        unsafe heard += body.prefix(ofBody)
        taken = ofHead + ofBody
        return taken
      }
      if sent == .all || taken == 0 { break }
    }
    listening.hear(heard, capacity: Self.capacity)
    outcome.said += heard.count
  }
}

// MARK: The program

extension Conversation {
  private mutating func receive(_ count: Int) {
    for _ in 0..<count {
      guard receiver != nil else { return }
      var found: Int?
      do throws(ChannelError) {
        if let message = try receiver?.tryReceive() { found = Tested.look(at: message) }
      } catch {
        expectPossible(error)
      }
      guard let found else { return }
      outcome.messages += 1
      outcome.delivered += found
    }
  }

  private func expectPossible(_ error: ChannelError) {
    switch error {
    case .closed, .peerDied: break
    case .corrupt: LinkFuzz.expect(!Tested.isCheckedByLink, "it lets through what is \(error)")
    default: LinkFuzz.expect(false, "receiving fails: \(error)")
    }
  }

  private mutating func send(_ bytes: Int) {
    guard sender != nil else { return }
    do throws(ChannelError) {
      try Tested.send(&sender, bytes)
    } catch {
      switch error {
      case .closed, .peerDied: break
      default: LinkFuzz.expect(false, "sending fails: \(error)")
      }
    }
  }

  private mutating func changeEnds(_ which: UInt8) {
    do throws(TransportError) {
      switch which & 3 {
      case 0: sender = nil
      case 1: receiver = nil
      case 2: if sender == nil { sender = try outbound.sender() }
      default: if receiver == nil { receiver = try inbound.receiver() }
      }
    } catch {
      LinkFuzz.expect(false, "an end cannot be had: \(error)")
    }
  }

  // MARK: What must hold

  private func check() {
    let (tail, unconfirmed) = (link.publishedTail, link.unconfirmed)
    let head = tail - unconfirmed.bytes
    LinkFuzz.expect(unconfirmed.bytes >= 0, "more is confirmed than there is")
    LinkFuzz.expect(unconfirmed.bytes <= Self.capacity, "more is kept than the lane holds")
    LinkFuzz.expect(link.sentPosition >= head, "what is to be sent again is freed")
    LinkFuzz.expect(link.sentPosition <= tail, "more is sent than there is")
    LinkFuzz.expect(outcome.delivered <= outcome.came, "more is delivered than came")
    LinkFuzz.expect(link.owed >= 0, "what was read is taken back")
    LinkFuzz.expect(
      link.phase != .established && link.meeting == nil || link.incarnation != .none,
      "it has met nobody")
  }

  private mutating func finish() {
    receive(.max)
    flush()
    check()
    receiver = nil
    sender = nil
    link.leave(as: .closed)
  }
}
