import CPsyne
import Glibc
import PsyneTCP
import PsyneTLS

/// Serves any number of connections by one thread, until the process is asked to end (SIGTERM, SIGINT).
final class EchoServer {
  let place: String
  private let context: TLSContext
  private let doors: [Socket]
  private let epoll = cpsyne_epoll()
  private var echoes: [UInt64: Echo] = [:]
  /// Those that have had their turn and are not done.
  private var due: Set<UInt64> = []
  private var lastTag: UInt64

  /// The others wait in front of the door.
  private static let mostConnections = 256

  init(host: String, port: UInt16, _ context: TLSContext) throws {
    self.context = context
    (doors, place) = try Socket.listening(host: host, port: port)
    lastTag = UInt64(doors.count)
    for (index, door) in doors.enumerated() {
      guard cpsyne_epoll_add(epoll, door.descriptor, UInt64(index) + 1) == 0 else {
        throw Socket.failure("cannot wait for a socket")
      }
    }
    guard cpsyne_epoll_add_eventfd(epoll, Ending.begin(), 0) == 0 else {
      throw Socket.failure("cannot wait for signals")
    }
  }

  func run() {
    while true {
      let next = due.isEmpty ? echoes.values.map(\.deadline).min() ?? .max : 0
      guard wait(until: next) else { break }
      let now = cpsyne_monotonic_ns()
      for (tag, echo) in echoes where echo.deadline <= now { remove(tag, "has taken too long") }
      let turns = due
      due = []
      for tag in turns { serve(tag) }
      letIn()
    }
    for tag in echoes.keys { remove(tag, nil) }
  }

  /// Notes who has something to do; false when it is time to end.
  private func wait(until deadline: Int64) -> Bool {
    unsafe withUnsafeTemporaryAllocation(of: cpsyne_event.self, capacity: 64) { events in
      let count = unsafe cpsyne_epoll_wait(epoll, events.baseAddress, deadline)
      for index in 0..<max(0, Int(count)) {
        let tag = unsafe events[index].tag
        if tag == 0 { return false }
        if echoes[tag] != nil { due.insert(tag) }
      }
      return true
    }
  }

  private func serve(_ tag: UInt64) {
    switch echoes[tag]?.turn() {
    case .waits, nil: break
    case .goesOn: due.insert(tag)
    case .over(let reason): remove(tag, reason)
    }
  }

  /// Lets in whoever waits: what else there is to tell, each turn asks anew.
  private func letIn() {
    for door in doors {
      while echoes.count < Self.mostConnections, let socket = door.accept() {
        lastTag += 1
        guard let session = try? context.session(),
          cpsyne_epoll_add(epoll, socket.descriptor, lastTag) == 0
        else {
          socket.close()
          continue
        }
        echoes[lastTag] = Echo(TLSStream(session, over: socket, tokens: []), socket)
        due.insert(lastTag)
      }
    }
  }

  private func remove(_ tag: UInt64, _ reason: String?) {
    guard let echo = echoes.removeValue(forKey: tag) else { return }
    if let reason { say("\(echo.name): \(reason)\n", to: 2) }
    echo.end()
  }
}

/// What asks the process to end.
private enum Ending {
  /// Written once, before there is a handler.
  nonisolated(unsafe) private static var event: Int32 = -1

  /// - Returns: what becomes readable when it is time to end.
  static func begin() -> Int32 {
    unsafe event = cpsyne_eventfd()
    var signals = sigset_t()
    for number in [SIGTERM, SIGINT] {
      unsafe sigaddset(&signals, number)
      signal(number) { _ in
        let saved = errno
        unsafe cpsyne_eventfd_ring(Ending.event)
        errno = saved
      }
    }
    // Whoever has started us may have blocked them, as the threads of tasks have.
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    return unsafe event
  }
}
