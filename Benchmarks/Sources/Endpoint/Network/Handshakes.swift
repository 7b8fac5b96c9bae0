internal import CBench
internal import PsyneCore
internal import Synchronization

// Connections that come and go: a handshake, one message there and back, the end. And connections that break
// and come back, which is when Psyne resumes a session.

/// The first word of the message that ends it.
private let lastMessage = UInt64.max

/// Sends one message and takes the answer. Returns how many were wrong.
func ask(_ connection: Connection<Words>, _ sequence: Int, words: Int) throws -> Int {
  var sender = try connection.sender()
  var receiver = try connection.receiver()
  try send(&sender, sequence, sequence + 1, words: words)
  return try receive(&receiver, sequence, sequence + 1, words: words)
}

// MARK: The server

func accept(_ arguments: Arguments) throws {
  guard cbench_many_descriptors() else { throw Refusal("RLIMIT_NOFILE") }
  let server = try serve(arguments)
  var requests = try server.receiver()
  var replies = server.sender()
  cbench_report_ready()
  let watch = Stopwatch()
  var errors = 0
  while let request = try requests.receive(), request.elements[0] != lastMessage {
    errors += try answer(request, &replies, words: arguments.size / 8)
  }
  watch.reportShare(errors: errors)
  requests.release()
  awaitDeparture(from: server)
}

/// Sends back what has come. Returns how many messages were wrong.
func answer(
  _ request: borrowing Message<Words>, _ replies: inout ServerSender<Words>, words: Int
) throws -> Int {
  let sequence = request.elements[0]
  let isRight = check(request, sequence, words: words)
  try replies.to(request.peer) { sender in
    try send(&sender, Int(sequence), Int(sequence) + 1, words: words)
  }
  return isRight ? 0 : 1
}

private func endAccepting(_ arguments: Arguments) throws {
  let connection = try connect(arguments)
  var sender = try connection.sender()
  var loan = try sender.reserve(count: arguments.size / 8)
  fill(&loan, lastMessage)
  loan.send()
  try sender.drain()
}

// MARK: Clients that come and go

func dial(_ arguments: Arguments) throws {
  let turns = Turns(arguments)
  try Crowd.run { _ in
    while let turn = turns.next() {
      turns.note(errors: try ask(connect(arguments), turn, words: arguments.size / 8))
    }
  }
  turns.report()
  try endAccepting(arguments)
}

/// What threads take their turns from.
private final class Turns: Sendable {
  private let warmUp: Int
  private let count: Int
  private let taken = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  private let errors = Atomic<Int>(0)
  /// Of the measurement, which begins when as many as are for the warm-up are done.
  private let watch = Mutex(Stopwatch())

  init(_ arguments: Arguments) { (warmUp, count) = (arguments.warmUp, arguments.count) }

  func next() -> Int? {
    let turn = taken.add(1, ordering: .relaxed).oldValue
    return turn < warmUp + count ? turn : nil
  }

  func note(errors count: Int) {
    errors.add(count, ordering: .relaxed)
    if done.add(1, ordering: .relaxed).newValue == warmUp { watch.withLock { $0 = Stopwatch() } }
  }

  func report() {
    watch.withLock(\.self).reportRate(of: count, errors: errors.load(ordering: .relaxed))
  }
}

// MARK: Clients that come back

/// So many connections break at once. Each waits up to 50 ms before it comes back; of more than 128 strangers
/// of one address a listener turns away the others.
private let returning = 128

func redial(_ arguments: Arguments) throws {
  guard cbench_many_descriptors(), let port = UInt16(arguments.name) else {
    throw Refusal("RLIMIT_NOFILE, or the port")
  }
  let back = Returns()
  var errors = 0
  let connections = try (0..<returning).map { index in
    let connection = try connect(arguments)
    errors += try ask(connection, index, words: arguments.size / 8)
    connection.onEvent { event in
      if event == .resumed { back.count.add(1, ordering: .relaxed) }
    }
    return connection
  }
  let rounds = (arguments.count + returning - 1) / returning
  try back.breakAll(port)
  let watch = Stopwatch()
  for _ in 0..<rounds { try back.breakAll(port) }
  // Those that had to make a whole handshake are not what is measured.
  errors += (rounds + 1) * returning - resumedHandshakes.load(ordering: .relaxed)
  watch.reportRate(of: rounds * returning, errors: errors)
  try endAccepting(arguments)
  for connection in connections { connection.abandon() }
}

private final class Returns: Sendable {
  let count = Atomic<Int>(0)

  /// Returns when all have come back.
  func breakAll(_ port: UInt16) throws {
    let wanted = count.load(ordering: .relaxed) + returning
    guard cbench_cut(port) == returning else { throw Refusal("not all connections were there") }
    let deadline = cbench_now() + 20_000_000_000
    while count.load(ordering: .relaxed) < wanted {
      guard cbench_now() < deadline else { throw Refusal("not all connections have come back") }
      cbench_sleep(500_000)
    }
  }
}
