internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// One side of a connection over TCP, through any number of sockets one after the other.
///
/// All of its state but what is atomic, or says otherwise, belongs to whichever thread holds the baton: the
/// engine's, one that leads, or one that sends.
final class TCPConnection: Carrier, EngineClient, @unchecked Sendable {
  // Unchecked: as said above.
  let engine: Engine
  let options: TCPOptions
  let streams: Streams
  let link: Link
  let baton = Baton()
  /// Of a connector: where to.
  let target: Endpoint?
  private let tag = Atomic<UInt64>(0)
  /// Set when the first meeting has succeeded, or the connection has ended.
  let isSettled = Latch()
  let hasEnded = Latch()
  /// Called once, when it has ended.
  private let onEnd: @Sendable (TCPConnection) -> Void

  private let arrival = Mutex<Arrival?>(nil)
  private struct Arrival: @unchecked Sendable {
    // Unchecked: whoever brings the stream lets go of it.
    let socket: Socket
    /// What it has been read from, and the connector's hello that came; both of listeners.
    let stream: (any ByteStream)?
    let hello: Hello?
  }

  // For threads that send
  let lastFlush = Atomic<Int64>(0)
  let flushedUpTo = Atomic<Int>(0)
  /// Of the one thread that publishes.
  var gathering = Gathering()
  let streaming = Streaming()
  /// Whether a part of a message has come.
  private let isAmid = Atomic<Bool>(false)
  /// Whether others have had their turn before all was read.
  private let readsOn = Atomic<Bool>(false)

  // The baton's
  /// Whether a small rest is left for the sender's next flush, or for the engine when it looks.
  private var keepsRest = false
  var socket: Socket?
  var stream: (any ByteStream)?
  var isBlocked = false
  var closesAt = Int64.max
  private var confirmsAt = Int64.max
  var failsAt = Int64.max
  var redialsAt = Int64.max
  var isDialing = false
  var attempts = 0
  var hasMet = false
  /// Whether this side ends it, and will not be back.
  var isLeaving = false
  var hasFinishedSending = false
  /// Why the last attempt to connect anew has failed, if nobody has looked at it yet.
  let failedDial = Mutex<String?>(nil)
  /// When the other side's hello has to be there.
  private var greetsBy = Int64.max
  /// How long messages wait for more, if the codec wants that, and until when those do that are there.
  let batch: Int64
  var batchEnds = Int64.max

  /// - Parameter lanes: inbound and outbound, with bells that are this connection's.
  init(
    _ link: Link, _ lanes: TCPLanes, peer: String, target: Endpoint?, _ options: TCPOptions,
    _ streams: Streams, _ engine: Engine, redeliveredUpTo: Int = 0,
    onEnd: @escaping @Sendable (TCPConnection) -> Void
  ) {
    redelivered = redeliveredUpTo
    self.link = link
    self.engine = engine
    self.options = options
    self.streams = streams
    batch = streams.codec?.batch.nanoseconds ?? 0
    means = Mutex(Means(details: streams.details(of: nil)))
    self.target = target
    self.onEnd = onEnd
    super.init(
      inbound: lanes.inbound, outbound: lanes.outbound, peer: peer, state: .connecting)
    lanes.inboundBell.connection = self
    lanes.outboundBell.connection = self
    flushedUpTo.store(link.sentPosition, ordering: .relaxed)
    tag.store(engine.add(self), ordering: .releasing)
  }

  var linger: Duration { options.linger }

  override var redeliveredUpTo: Int { redelivered }
  private let redelivered: Int

  /// The lane's publisher is the engine, which fences for itself.
  override var needsHeavyFence: Bool { false }

  // MARK: What others ask for

  /// Goes on over `socket`; of a listener, for a connector that has said `hello` over `stream`.
  func adopt(_ socket: Socket, _ stream: (any ByteStream)? = nil, _ hello: Hello? = nil) {
    let new = Arrival(socket: socket, stream: stream, hello: hello)
    let older = arrival.withLock { arrival in
      defer { arrival = new }
      return arrival
    }
    older?.socket.close()
    run(.adopt)
  }

  override func close() { run(.close) }

  override func abandon() { run(.abandon) }

  func isReady(_ event: cpsyne_event) -> Bool {
    var work: Work = []
    if event.readable { work.insert(.read) }
    if event.writable { work.insert(.write) }
    if event.ending { work.insert(.readToEnd) }
    run(work)
    return isAmid.load(ordering: .relaxed)
  }

  func isDue(now: Int64) {
    var work: Work = .tick
    let last = lastFlush.load(ordering: .relaxed)
    if let time = streaming.look(now, lastFlush: last, hasLeft: { unflushed > 0 }) {
      engine.call(ownTag, at: time)
    }
    // To the end: it may have been told of that before.
    if readsOn.exchange(false, ordering: .relaxed) { work.insert(.readToEnd) }
    run(work)
  }

  /// So long a connection reads at a time.
  private static let turn: Int64 = 5_000_000
  /// And so much: what was read is then used while it is in the cache.
  private static let turnBytes = 128 << 10
  /// So late the other side hears at last what the program has read.
  private static let confirmation: Int64 = 5_000_000

  func freed() { run(.confirm) }

  /// Whoever comes or leaves wakes everybody: what was armed is so no longer.
  func endsChanged() { run([.flush, .confirm]) }

  var ownTag: UInt64 { tag.load(ordering: .acquiring) }

  func run(_ work: Work, isPublisher: Bool = false) {
    // A child made by fork has its parent's sockets, and no right to use them.
    guard engine.isOurs else { return }
    let isLeft = baton.run(work) { work in
      perform(work, isPublisher)
      // One who sends is not held up by what else there is to do.
      return !isPublisher
    }
    if isLeft { engine.callSoon(ownTag) }
  }

  // MARK: Under the baton

  private func perform(_ work: Work, _ isPublisher: Bool) {
    if isOver {
      arrival.withLock { $0.take() }?.socket.close()
      return
    }
    let now = cpsyne_monotonic_ns()
    if work.contains(.abandon) { return abandonNow(now) }
    if work.contains(.close), closesAt == .max { beginClosing(now) }
    if work.contains(.leave), !isLeaving { beginLeaving(now) }
    if work.contains(.adopt) { takeSocket(now) }
    if work.contains(.hurry) { batchEnds = 0 }
    if work.contains(.write) {
      // What has waited for room has waited long enough.
      if isBlocked { batchEnds = 0 }
      isBlocked = false
    }
    if !work.isDisjoint(with: [.read, .readToEnd]) {
      read(now, toEnd: work.contains(.readToEnd))
      // What encrypts may have waited for what came.
      if stream?.isDirect == false { isBlocked = false }
    }
    if work.contains(.confirm), !link.noteReading() {
      // Also if nothing is owed: that the reader saw the bell armed is certain a moment later only.
      confirmLater(now)
    }
    if work.contains(.tick) { tick(now) }
    if !work.isDisjoint(with: [.flush, .close, .adopt, .leave]) {
      keepsRest = false
    } else if work.contains(.flushGrains) {
      keepsRest = true
    }
    flush(now, isPublisher)
    settle(now)
  }

  /// The other side need not wait for a connector, which will not be back: a new one of its program has a
  /// session of its own. One that was connected to a listener does wait for it.
  private func abandonNow(_ now: Int64) {
    if target != nil, socket != nil {
      link.fail(Self.farewell)
      flush(now, false)
    }
    end(.failed(failure("the connection was abandoned")))
  }

  private func beginClosing(_ now: Int64) {
    endsBy(now + options.linger.nanoseconds)
    link.close()
  }

  /// Has it end at `time`, if it has not before.
  func endsBy(_ time: Int64) {
    guard time < closesAt else { return }
    closesAt = time
    engine.call(ownTag, at: time)
  }

  private func takeSocket(_ now: Int64) {
    guard let arrived = arrival.withLock({ $0.take() }) else { return }
    isDialing = false
    if let hello = arrived.hello, !link.isNews(hello) { return arrived.socket.close() }
    if socket != nil { drop() }
    socket = arrived.socket
    isBlocked = false
    arrived.socket.tune(options)
    do {
      let below = try arrived.stream ?? streams.stream(over: arrived.socket)
      stream = streams.encoding(below, link.terms, hasHello: arrived.hello != nil)
      noteMeans()
      if let hello = arrived.hello {
        _ = try link.accept(hello, now: now)
      } else {
        link.connect(now: now)
      }
      // From here on it may be told that there is something to read.
      try engine.watch(arrived.socket, for: ownTag)
    } catch let error as LinkError {
      link.fail(error)
    } catch {
      breakOff("\(error)", now)
    }
    greetsBy = now + options.helloTimeout.nanoseconds
    engine.call(ownTag, at: greetsBy)
  }

  private func read(_ now: Int64, toEnd: Bool) {
    defer { isAmid.store(link.isAmidMessage, ordering: .relaxed) }
    // So much at most that others have their turn, and for so long: what encrypts or encodes may have much
    // to do for a byte.
    var left = Self.turnBytes
    let until = stream?.isDirect == false ? now + Self.turn : .max
    while let stream, left > 0 {
      var asked = 0
      let count: Int
      do throws(LinkError) {
        count = try unsafe link.receive(now: now) { first, second in
          asked = first.count + second.count
          return unsafe stream.receive(first, second)
        }
      } catch {
        if error.isFromPeer { end(.failed(failure(error.description))) }
        return
      }
      if count > 0 {
        left -= count
        // Less than there was room for: there is no more, and the next will be told.
        if count < asked, !toEnd, stream.isDirect { return }
        if until != .max, cpsyne_monotonic_ns() >= until { break }
      } else if let failure = stream.failure {
        return fail(failure, now)
      } else if count == 0 {
        return breakOff(
          link.mayEnd ? "" : "the other side has closed the connection \(manner)", now)
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        return
      } else if errno == EINTR {
        break
      } else {
        return breakOff("the connection broke: \(Errno.text(errno))", now)
      }
    }
    // It is not told again of what is there.
    if socket != nil {
      readsOn.store(true, ordering: .relaxed)
      engine.call(ownTag, at: now)
    }
  }

  /// Without which word a connection ends that should not.
  private var manner: String {
    hasMet || link.meeting != nil ? "without a goodbye" : "before it had said hello"
  }

  private func flush(_ now: Int64, _ isPublisher: Bool) {
    guard socket != nil, !isBlocked else { return }
    // What was taken before waits for nothing but room.
    if isHeldBack(now, isPublisher), let stream, stream.flush() >= 0 { return }
    repeat {
      guard let stream else { return }
      // Only while somebody is going to look for what is left.
      let leaving =
        !keepsRest ? 0 : isPublisher ? Link.grain / 2 : streaming.isLooking ? Link.grain : 0
      var number: Int32 = 0
      var result = unsafe link.send(now: now, leaving: leaving) { head, body in
        let count = unsafe stream.sendAll(head, body)
        number = count < 0 ? errno : 0
        return count
      }
      if stream.flush() < 0 { (result, number) = (.blocked, errno) }
      if flushedUpTo.exchange(link.sentPosition, ordering: .relaxed) != link.sentPosition {
        lastFlush.store(cpsyne_monotonic_ns(), ordering: .relaxed)
      }
      if result == .blocked {
        if number != 0, number != EAGAIN, number != EWOULDBLOCK {
          if let failure = stream.failure { return fail(failure, now) }
          // What has come before may say why: an error, or a goodbye.
          read(now, toEnd: true)
          guard self.socket != nil else { return }
          return breakOff("the connection broke: \(Errno.text(number))", now)
        }
        isBlocked = true
        return
      }
      if streaming.isOn { return }
      if isPublisher {
        link.rearmOutbound()
        return
      }
    } while link.armOutbound()
  }

  /// Deals with what has become of the link.
  private func settle(_ now: Int64) {
    noteMeeting()
    switch link.phase {
    case .finished: end(.closed)
    case .failed where isSayingFarewell: break
    case .failed: end(.failed(failure(link.error?.description ?? "the connection failed")))
    case .apart: if link.mayEnd { end(.closed) }
    case .greeting, .established:
      // What is to be said last waits for room in the socket: not for ever.
      if link.mayEnd || link.error != nil { endsBy(now + options.helloTimeout.nanoseconds) }
    }
  }

  /// Before a break that came with it, which would else be forgotten.
  func noteMeeting() {
    guard let meeting = link.meeting else { return }
    link.meeting = nil
    greetsBy = .max
    largest.store(link.largestFrame, ordering: .relaxed)
    (attempts, failsAt, redialsAt) = (0, .max, .max)
    let isFirst = !hasMet
    hasMet = true
    noteMeans()
    switch meeting {
    case .restarted(let again): tell(.restarted(again: again))
    case .new, .resumed: tell(isFirst ? .connected : .resumed)
    }
    isSettled.set()
    scheduleKeepAlive(cpsyne_monotonic_ns())
  }

  /// The longest frame that the other side takes.
  var largestFrame: Int { largest.load(ordering: .relaxed) }
  private let largest = Atomic<Int>(.max)

  /// What the sockets so far have had between them and the link.
  let means: Mutex<Means>
  override var identity: PeerIdentity? { means.withLock(\.identity) }
  override var details: ConnectionDetails { means.withLock(\.details) }
  override var codecStatistics: CodecStatistics? { means.withLock(\.statistics) }

  private func scheduleKeepAlive(_ now: Int64) {
    engine.call(ownTag, at: now + options.keepAlive.nanoseconds)
  }

  private func confirmLater(_ now: Int64) {
    guard confirmsAt == .max, link.isAwaitingConfirmation else { return }
    confirmsAt = now + Self.confirmation
    engine.call(ownTag, at: confirmsAt)
  }

  func tick(_ now: Int64) {
    noteFailedDial(now)
    if now >= confirmsAt {
      confirmsAt = .max
      // What was said meanwhile has confirmed most of it: who answers needs no word of its own.
      if link.lastSaid > now - Self.confirmation { confirmLater(now) } else { link.acknowledge() }
    }
    if now >= closesAt { return overdue() }
    if now >= failsAt {
      return end(
        .failed(
          failure(
            "the connection was not restored within \(options.resume.spelled): \(lastReason)")))
    }
    if socket == nil {
      if target != nil, !isDialing, now >= redialsAt { redial() }
      // Without a time where a thread dials, and says when it has.
      let next = min(failsAt, closesAt, redialsAt)
      if next < .max { engine.call(ownTag, at: next) }
      return
    }
    if link.phase != .greeting { greetsBy = .max }
    if now >= greetsBy {
      return breakOff(
        "the other side has not said hello within \(options.helloTimeout.spelled)", now)
    }
    if now - link.lastHeard > options.keepAlive.nanoseconds / 2 { stream?.relax() }
    do throws(LinkError) {
      try link.tick(now: now)
    } catch {
      return breakOff(error.message, now)
    }
    engine.call(
      ownTag, at: min(now + options.keepAlive.nanoseconds, closesAt, confirmsAt, greetsBy))
  }
  /// Why it broke, or why it could not be restored.
  var lastReason = ""

  /// The same, for whoever has waited in vain.
  var interruption: String? { lastBreak.withLock(\.self) }
  let lastBreak = Mutex<String?>(nil)

  // MARK: The end

  /// The stream goes no further: what was refused once will be refused again.
  private func fail(_ error: LinkError, _ now: Int64) {
    // Where it may be the fault of the network, or of somebody in between, it is worth another try, if it
    // has ever been right.
    if error.code == .truncated || hasMet && error.code != .malformed {
      return breakOff(error.message, now)
    }
    link.fail(error)
    // What cannot be decoded leaves us able to say so.
    if error.code == .malformed { flush(now, false) }
    end(.failed(failure(error.description)))
  }

  private func failure(_ message: String) -> ConnectionFailure {
    let (messages, bytes) = link.unconfirmed
    return ConnectionFailure(message, unconfirmedMessages: messages, unconfirmedBytes: bytes)
  }

  private func overdue() {
    if let error = link.error { return end(.failed(failure(error.description))) }
    let failure = failure("the connection was closed, and ended before all had arrived")
    if link.isDelivered || failure.unconfirmedMessages == 0 { return end(.closed) }
    Diagnostics.report(Diagnostic(.undelivered, "\(peer): \(failure)"))
    end(.failed(failure))
  }

  func end(_ event: ConnectionEvent) {
    guard beginEnd(event) else { return }
    if event == .closed {
      let (messages, bytes) = link.unconfirmed
      reportUnread(messages: messages, bytes: bytes)
    }
    stream?.finishSending()
    drop()
    link.leave(as: event == .closed ? .closed : .died)
    tellEnd()
    engine.remove(ownTag)
    isSettled.set()
    hasEnded.set()
    onEnd(self)
  }
}
