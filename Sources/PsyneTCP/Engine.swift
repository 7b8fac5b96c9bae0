internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// What an engine serves: told when its descriptor is ready, and when a time it asked for has come. Both
/// may be called by several threads at once, and must not block.
protocol EngineClient: AnyObject, Sendable {
  /// - Returns: whether the rest of something is about to come.
  func isReady(_ event: cpsyne_event) -> Bool
  func isDue(now: Int64)
}

/// Waits for the sockets of all connections, on one thread and on any thread that would otherwise sleep
/// until something comes.
///
/// A program's thread that waits for a message *leads*: it waits for sockets itself, in place of the
/// engine's thread, and is spared the wake-up from there. The engine's thread stands by meanwhile, and for
/// a moment afterwards, since who has led is likely to lead again.
final class Engine: Sendable {
  private let epoll: Int32
  private let wakeUp: Int32
  private let generation: UInt32
  private let state = Mutex(State())
  /// Whether something is due, and the earliest timer: written under the lock, and read without it by who
  /// looks often. A thread put aside with the lock would keep others of its CPU waiting for a slice.
  private let hasDue = Atomic<Bool>(false)
  private let earliest = Atomic<Int64>(.max)
  /// The thread that leads; 0 if none does.
  private let leader = Atomic<UInt>(0)
  /// How often somebody has begun to lead.
  private let leads = Atomic<UInt32>(0)
  /// When a thread has last looked at the sockets in passing.
  private let attendedAt = Atomic<Int64>(0)
  /// From when on one may.
  private let attendsFrom = Atomic<Int64>(0)
  private let standby = Standby()
  /// When the engine's thread wakes by itself, and when the one that leads does; 0 while they are awake.
  private let sleepsUntil = Atomic<Int64>(0)
  private let leaderSleepsUntil = Atomic<Int64>(0)

  private struct State {
    var clients: [UInt64: any EngineClient] = [:]
    var lastTag: UInt64 = 0
    var timers = TimerQueue()
    /// Clients with something to do for the engine's thread.
    var due: [UInt64] = []
    /// What one that attended has left to it.
    var left: [cpsyne_event] = []
  }

  init() throws(TransportError) {
    epoll = cpsyne_epoll()
    guard epoll >= 0 else { throw Socket.failure("cannot wait for sockets") }
    wakeUp = cpsyne_eventfd()
    generation = cpsyne_fork_generation()
    guard wakeUp >= 0, cpsyne_epoll_add_eventfd(epoll, wakeUp, 0) == 0 else {
      let error = Socket.failure("cannot wait for sockets")
      cpsyne_close(epoll, generation)
      throw error
    }
  }

  deinit {
    cpsyne_close(wakeUp, generation)
    cpsyne_close(epoll, generation)
  }

  /// Starts the engine's thread, which ends with the process.
  func start() throws(TransportError) {
    let isStarted = startServiceThread("psyne-tcp") {
      while true {
        self.standBy()
        self.turn(until: .max, noting: self.sleepsUntil)
      }
    }
    guard isStarted else { throw TransportError(.system, "the system has no thread for TCP") }
  }

  // MARK: Clients

  /// Keeps a client until it is removed.
  func add(_ client: any EngineClient) -> UInt64 {
    state.withLock { state in
      state.lastTag += 1
      state.clients[state.lastTag] = client
      return state.lastTag
    }
  }

  var connections: [TCPConnection] {
    state.withLock { $0.clients.values.compactMap { $0 as? TCPConnection } }
  }

  func remove(_ tag: UInt64) { state.withLock { _ = $0.clients.removeValue(forKey: tag) } }

  /// False in a child made by fork: it has neither the thread, nor a right to what the engine's descriptors
  /// stand for, which are its parent's.
  var isOurs: Bool { cpsyne_fork_generation() == generation }

  func watch(_ socket: Socket, for tag: UInt64) throws(TransportError) {
    guard isOurs else {
      throw TransportError(
        .closed, "the connection was made before a fork, and is the parent's: make another one")
    }
    guard cpsyne_epoll_add(epoll, socket.descriptor, tag) == 0 else {
      throw Socket.failure("cannot wait for a socket")
    }
  }

  func unwatch(_ socket: Socket) {
    guard isOurs else { return }
    _ = cpsyne_epoll_remove(epoll, socket.descriptor)
  }

  /// Has a client called at a time on the monotonic clock.
  func call(_ tag: UInt64, at time: Int64) {
    guard isOurs else { return }
    let isEarliest = state.withLock { state in
      let isEarliest = state.timers.add(time, tag)
      earliest.store(state.timers.earliest, ordering: .sequentiallyConsistent)
      return isEarliest
    }
    guard isEarliest else { return }
    let isLed = leader.load(ordering: .sequentiallyConsistent) != 0
    let until =
      isLed
      ? leaderSleepsUntil.load(ordering: .sequentiallyConsistent)
      : sleepsUntil.load(ordering: .sequentiallyConsistent)
    if time < until { ring() }
  }

  /// Has a client called soon by the engine's thread.
  func callSoon(_ tag: UInt64) {
    guard isOurs else { return }
    let isFirst = state.withLock { state in
      state.due.append(tag)
      hasDue.store(true, ordering: .sequentiallyConsistent)
      return state.due.count == 1
    }
    if isFirst { ring() }
  }

  /// Gets whoever serves the sockets out of its sleep.
  private func ring() {
    guard isOurs else { return }
    if leader.load(ordering: .sequentiallyConsistent) == 0, standby.wake() { return }
    cpsyne_eventfd_ring(wakeUp)
  }

  // MARK: Turning

  /// Waits for sockets on behalf of a thread that would sleep on the futex `word` while it is 1. False if
  /// another thread does that already.
  @unsafe
  func lead(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool {
    guard isOurs,
      leader.compareExchange(
        expected: 0, desired: UInt(pthread_self()), ordering: .sequentiallyConsistent
      ).exchanged
    else { return false }
    leads.wrappingAdd(1, ordering: .relaxed)
    let word = unsafe word.assumingMemoryBound(to: Atomic<UInt32>.self)
    // After the announcement as the leader: whoever takes the word back before we look is seen here, and
    // who does it later sees that we lead.
    var isSpinning = spin > 0
    var end = isSpinning ? cpsyne_monotonic_ns() + spin : 0
    while unsafe word.pointee.load(ordering: .sequentiallyConsistent) == 1 {
      let now = cpsyne_monotonic_ns()
      if now >= deadline { break }
      if isSpinning {
        isSpinning = now < end && !Self.isContended(now)
        if turn(until: 0, noting: leaderSleepsUntil) { end = now + spin }
      } else {
        isSpinning = turn(until: deadline, noting: leaderSleepsUntil) && spin > 0
        end = cpsyne_monotonic_ns() + spin
      }
    }
    leader.store(0, ordering: .sequentiallyConsistent)
    // What was the engine's thread's to be told may have been told to us.
    let hasDue = hasDue.load(ordering: .sequentiallyConsistent)
    if standby.isDeep || hasDue || isOversleeping { ring() }
    return true
  }

  /// Whether the engine's thread sleeps beyond what there is to do, by more than it naps: who has led since
  /// it went to sleep has seen to the rest.
  private var isOversleeping: Bool {
    nextTime < sleepsUntil.load(ordering: .sequentiallyConsistent) - Self.nap
  }

  /// Whether another thread wants this CPU, perhaps the one that is waited for: see ``Parking``.
  private static func isContended(_ now: Int64) -> Bool {
    sched_yield()
    return cpsyne_monotonic_ns() - now > Parking.contendedNanoseconds
  }

  /// Has the thread that leads look whether it still has to.
  func endLead() {
    let leader = leader.load(ordering: .sequentiallyConsistent)
    if leader != 0, leader != UInt(pthread_self()) { cpsyne_eventfd_ring(wakeUp) }
  }

  /// Looks at the sockets in passing, now and then, for a thread that sends for `tag` and will soon be back. Meanwhile the
  /// engine's stands by: else it would be woken for each thing that the other side confirms, which costs as
  /// much as to send, and may take this very CPU. What is another's is left to it.
  func attend(for tag: UInt64) {
    let now = cpsyne_monotonic_ns()
    guard isOurs, leader.load(ordering: .sequentiallyConsistent) == 0,
      now >= attendsFrom.load(ordering: .relaxed),
      now - attendedAt.load(ordering: .relaxed) >= Self.interval
    else { return }
    attendedAt.store(now, ordering: .relaxed)
    var own: cpsyne_event?
    var others: [cpsyne_event] = []
    take(until: 0) { event in
      if event.tag == tag { own = event } else { others.append(event) }
    }
    if !others.isEmpty { leave(others, now) }
    if let own { dispatch(own) }
    // What has become due by this has its turn the next time.
    serveTimer(of: tag, now)
  }

  /// Has the engine's thread see to what was taken. There is something to do for it: it is left alone with that
  /// for a while.
  private func leave(_ events: [cpsyne_event], _ now: Int64) {
    attendsFrom.store(now + Self.recess, ordering: .relaxed)
    attendedAt.store(0, ordering: .relaxed)
    state.withLock { state in
      state.left += events.filter { $0.tag != 0 }
      hasDue.store(true, ordering: .sequentiallyConsistent)
    }
    if events.contains(where: { $0.tag == 0 }) { cpsyne_eventfd_clear(wakeUp) }
    ring()
  }

  private func serveTimer(of tag: UInt64, _ now: Int64) {
    guard earliest.load(ordering: .relaxed) <= now else { return }
    let client = state.withLock { state -> (any EngineClient)? in
      defer { earliest.store(state.timers.earliest, ordering: .sequentiallyConsistent) }
      return state.timers.take(tag, before: now) ? state.clients[tag] : nil
    }
    client?.isDue(now: now)
  }

  /// The thread that attends does not come back soon.
  func endAttending() {
    if attendedAt.exchange(0, ordering: .relaxed) != 0 { _ = standby.wake() }
  }

  private var attendedUntil: Int64 { attendedAt.load(ordering: .relaxed) + Self.absence }

  /// No more often than that.
  private static let interval: Int64 = 40_000
  /// Who attends comes back within that time.
  private static let absence: Int64 = 150_000
  /// So long nobody attends after something has come for another.
  private static let recess: Int64 = 1_000_000

  /// The engine's thread: sleeps while somebody leads or attends, or has just done so.
  private func standBy() {
    guard
      leader.load(ordering: .sequentiallyConsistent) != 0
        || cpsyne_monotonic_ns() < attendedUntil
    else { return }
    var seen = leads.load(ordering: .relaxed)
    while true {
      let now = cpsyne_monotonic_ns()
      let next = nextTime
      let isLed = leader.load(ordering: .sequentiallyConsistent) != 0
      let isAttended = now < attendedUntil
      if next <= now, !isLed, !isAttended { return }
      // Who attends sees to its own times; others can be as late.
      let until = isLed ? now + Self.nap : isAttended ? attendedUntil : min(next, now + Self.nap)
      sleepsUntil.store(until, ordering: .sequentiallyConsistent)
      // Whoever has something for us meanwhile sees that we sleep, or is seen here.
      let outcome = standby.sleep(until: until) {
        if isLed { return false }
        return isAttended ? hasDue.load(ordering: .sequentiallyConsistent) : nextTime < until
      }
      serveDue()
      serveTimers()
      // Who attended does so no more, and nobody leads.
      if isAttended, cpsyne_monotonic_ns() >= attendedUntil,
        leader.load(ordering: .sequentiallyConsistent) == 0
      {
        return
      }
      if outcome == .woken { continue }
      let count = leads.load(ordering: .relaxed)
      if count != seen || cpsyne_monotonic_ns() < attendedUntil {
        seen = count
        continue
      }
      guard leader.load(ordering: .sequentiallyConsistent) != 0 else { return }
      // It leads for long: it tells us when it ends.
      sleepsUntil.store(.max, ordering: .sequentiallyConsistent)
      standby.sleepDeeply { self.leader.load(ordering: .sequentiallyConsistent) != 0 }
    }
  }

  /// So long the engine's thread leaves the sockets to who has led.
  private static let nap: Int64 = 500_000

  /// Serves what is ready now.
  func poll() {
    guard isOurs else { return }
    serve(until: 0)
  }

  /// - Parameter time: where it is said for how long this thread sleeps.
  /// - Returns: whether the rest of something is about to come.
  @discardableResult
  private func turn(until deadline: Int64, noting time: borrowing Atomic<Int64>) -> Bool {
    var until = min(deadline, nextTime)
    time.store(until, ordering: .sequentiallyConsistent)
    // Whoever adds an earlier time sees how long we are going to sleep, or is seen here.
    until = min(until, nextTime)
    let isAwaited = serve(until: until)
    time.store(0, ordering: .sequentiallyConsistent)
    return isAwaited
  }

  @discardableResult
  private func serve(until deadline: Int64) -> Bool {
    var isAwaited = false
    take(until: deadline) { event in
      if dispatch(event) { isAwaited = true }
    }
    serveDue()
    serveTimers()
    return isAwaited
  }

  private func take(until deadline: Int64, _ body: (cpsyne_event) -> Void) {
    unsafe withUnsafeTemporaryAllocation(of: cpsyne_event.self, capacity: 64) { events in
      let count = unsafe cpsyne_epoll_wait(epoll, events.baseAddress, deadline)
      for index in 0..<max(0, Int(count)) { unsafe body(events[index]) }
    }
  }

  /// When there is something to do: 0 now.
  private var nextTime: Int64 {
    hasDue.load(ordering: .sequentiallyConsistent)
      ? 0 : earliest.load(ordering: .sequentiallyConsistent)
  }

  @discardableResult
  private func dispatch(_ event: cpsyne_event) -> Bool {
    guard event.tag != 0 else {
      cpsyne_eventfd_clear(wakeUp)
      // It may have been meant for one that leads and does not wait yet. We stand by now, so that it gets it.
      let leader = leader.load(ordering: .sequentiallyConsistent)
      if leader != 0, leader != UInt(pthread_self()) { cpsyne_eventfd_ring(wakeUp) }
      return false
    }
    let client = state.withLock { $0.clients[event.tag] }
    return client?.isReady(event) ?? false
  }

  private func serveDue() {
    guard hasDue.load(ordering: .sequentiallyConsistent) else { return }
    let (due, left) = state.withLock { state in
      defer {
        state.due.removeAll(keepingCapacity: true)
        state.left.removeAll()
      }
      hasDue.store(false, ordering: .sequentiallyConsistent)
      return (state.due.compactMap { state.clients[$0] }, state.left)
    }
    for event in left { dispatch(event) }
    for client in due { client.isDue(now: cpsyne_monotonic_ns()) }
  }

  private func serveTimers() {
    let earliest = earliest.load(ordering: .sequentiallyConsistent)
    guard earliest != .max else { return }
    let now = cpsyne_monotonic_ns()
    guard earliest <= now else { return }
    while true {
      let next = state.withLock { state -> (any EngineClient)?? in
        defer { self.earliest.store(state.timers.earliest, ordering: .sequentiallyConsistent) }
        return state.timers.take(before: now).map { state.clients[$0] }
      }
      // Some clients are gone by then.
      guard let client = next else { return }
      client?.isDue(now: now)
    }
  }
}
