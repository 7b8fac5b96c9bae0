internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// What an engine serves: told when its descriptor is ready, and when a time it asked for has come. Both
/// may be called by several threads at once, and must not block.
protocol EngineClient: AnyObject, Sendable {
  func isReady(_ event: cpsyne_event)
  /// - Returns: when to be called again, on the monotonic clock; `Int64.max` for never.
  func isDue(now: Int64) -> Int64
}

/// Waits for the sockets of all connections, on one thread and on any thread that would otherwise sleep
/// until something comes.
///
/// A program's thread that waits for a message *leads*: it waits for sockets itself, in place of the
/// engine's thread, and is spared the wake-up from there. The kernel hands an event to whoever began to
/// wait last, so the engine's thread sleeps on meanwhile.
final class Engine: Sendable {
  private let epoll: Int32
  private let wakeUp: Int32
  private let generation: UInt32
  private let state = Mutex(State())
  /// When the engine's thread wakes by itself.
  private let sleepsUntil = Atomic<Int64>(0)

  private struct State {
    var clients: [UInt64: any EngineClient] = [:]
    var lastTag: UInt64 = 0
    var timers = TimerQueue()
    /// Clients with something to do for the engine's thread.
    var due: [UInt64] = []
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
      while true { self.turn(until: .max, isOwn: true) }
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

  func remove(_ tag: UInt64) { state.withLock { _ = $0.clients.removeValue(forKey: tag) } }

  func watch(_ socket: Socket, for tag: UInt64) throws(TransportError) {
    guard cpsyne_epoll_add(epoll, socket.descriptor, tag) == 0 else {
      throw Socket.failure("cannot wait for a socket")
    }
  }

  func unwatch(_ socket: Socket) { _ = cpsyne_epoll_remove(epoll, socket.descriptor) }

  /// Has a client called at a time on the monotonic clock.
  func call(_ tag: UInt64, at time: Int64) {
    let isEarliest = state.withLock { $0.timers.add(time, tag) }
    if isEarliest, time < sleepsUntil.load(ordering: .sequentiallyConsistent) { ring() }
  }

  /// Has a client called soon by the engine's thread.
  func callSoon(_ tag: UInt64) {
    let isFirst = state.withLock { state in
      state.due.append(tag)
      return state.due.count == 1
    }
    if isFirst { ring() }
  }

  private func ring() { cpsyne_eventfd_ring(wakeUp) }

  // MARK: Turning

  /// Waits for sockets on behalf of a thread that would sleep on the futex `word` while it is 1.
  @unsafe
  func lead(on word: UnsafeRawPointer, until deadline: Int64) {
    let word = unsafe word.assumingMemoryBound(to: Atomic<UInt32>.self)
    // Acquire pairs with the release of whoever takes the announcement back.
    while unsafe word.pointee.load(ordering: .acquiring) == 1 {
      if cpsyne_monotonic_ns() >= deadline { break }
      turn(until: deadline, isOwn: false)
    }
    // What was the engine's thread's to be told may have been told to us.
    let next = state.withLock { $0.due.isEmpty ? $0.timers.earliest : 0 }
    if next < sleepsUntil.load(ordering: .sequentiallyConsistent) { ring() }
  }

  /// Serves what is ready now.
  func poll() { turn(until: 0, isOwn: false) }

  private func turn(until deadline: Int64, isOwn: Bool) {
    let until = state.withLock { state in
      let next = state.due.isEmpty ? min(deadline, state.timers.earliest) : 0
      // Under the lock: whoever adds an earlier time sees how long we are going to sleep.
      if isOwn { sleepsUntil.store(next, ordering: .sequentiallyConsistent) }
      return next
    }
    unsafe withUnsafeTemporaryAllocation(of: cpsyne_event.self, capacity: 64) { events in
      let count = unsafe cpsyne_epoll_wait(epoll, events.baseAddress, until)
      for index in 0..<max(0, Int(count)) { unsafe dispatch(events[index]) }
    }
    if isOwn { sleepsUntil.store(0, ordering: .sequentiallyConsistent) }
    serveDue()
    serveTimers()
  }

  private func dispatch(_ event: cpsyne_event) {
    guard event.tag != 0 else {
      cpsyne_eventfd_clear(wakeUp)
      return
    }
    let client = state.withLock { $0.clients[event.tag] }
    client?.isReady(event)
  }

  private func serveDue() {
    let due = state.withLock { state in
      defer { state.due.removeAll(keepingCapacity: true) }
      return state.due.isEmpty ? [] : state.due.compactMap { state.clients[$0] }
    }
    guard !due.isEmpty else { return }
    for client in due { isDue(client) }
  }

  private func isDue(_ client: any EngineClient) { _ = client.isDue(now: cpsyne_monotonic_ns()) }

  private func serveTimers() {
    let earliest = state.withLock { $0.timers.earliest }
    guard earliest != .max else { return }
    let now = cpsyne_monotonic_ns()
    guard earliest <= now else { return }
    while true {
      let next = state.withLock { state -> (UInt64, (any EngineClient)?)? in
        state.timers.take(before: now).map { ($0, state.clients[$0]) }
      }
      guard let (tag, client) = next else { return }
      guard let client else { continue }
      let again = client.isDue(now: now)
      if again != .max { state.withLock { _ = $0.timers.add(max(again, now + 1), tag) } }
    }
  }
}

/// Times at which clients are to be called: one each, the earliest that was asked for.
struct TimerQueue {
  private var heap: [(time: Int64, tag: UInt64)] = []
  private var times: [UInt64: Int64] = [:]

  var earliest: Int64 { heap.first?.time ?? .max }

  /// True if it is the earliest of all.
  mutating func add(_ time: Int64, _ tag: UInt64) -> Bool {
    if let pending = times[tag], pending <= time { return false }
    times[tag] = time
    heap.append((time, tag))
    var index = heap.count - 1
    while index > 0, heap[index].time < heap[(index - 1) / 2].time {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
    return index == 0
  }

  /// The next client whose time has come. What was replaced by an earlier time is passed over.
  mutating func take(before now: Int64) -> UInt64? {
    while let first = heap.first, first.time <= now {
      removeFirst()
      guard times[first.tag] == first.time else { continue }
      times[first.tag] = nil
      return first.tag
    }
    return nil
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      let left = 2 * index + 1
      guard left < heap.count else { return }
      let right = left + 1
      let child = right < heap.count && heap[right].time < heap[left].time ? right : left
      guard heap[child].time < heap[index].time else { return }
      heap.swapAt(index, child)
      index = child
    }
  }
}
