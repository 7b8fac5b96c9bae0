internal import CBench
internal import Glibc
internal import PsyneCore

// A hundred connections that send as much as they can, and one server that reads them all.

enum Crowd {
  static let connections = 100
  private static let threads = 4

  /// Which connections a thread has.
  static func share(_ thread: Int) -> Range<Int> {
    connections * thread / threads..<connections * (thread + 1) / threads
  }

  /// Runs `body` on each thread and waits for all of them. Throws what one of them threw.
  static func run(_ body: @escaping @Sendable (_ thread: Int) throws -> Void) throws {
    let outcomes = (0..<threads).map { thread in Outcome { try body(thread) } }
    for outcome in outcomes { try outcome.wait() }
  }
}

/// A thread, and what has become of it.
@safe
private final class Outcome: @unchecked Sendable {
  // Unchecked: the error is read after the thread has ended.
  private let body: @Sendable () throws -> Void
  private var error: (any Error)?
  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () throws -> Void) {
    self.body = body
    let this = unsafe Unmanaged.passRetained(self).toOpaque()
    let status = unsafe pthread_create(
      &thread, nil,
      { this in
        guard let this = unsafe this else { return nil }
        unsafe Unmanaged<Outcome>.fromOpaque(this).takeRetainedValue().run()
        return nil
      }, this)
    precondition(status == 0, "no thread")
  }

  private func run() {
    do { try body() } catch { self.error = error }
  }

  func wait() throws {
    pthread_join(thread, nil)
    if let error { throw error }
  }
}

// MARK: The clients

func crowd(_ arguments: Arguments) throws {
  let watch = Stopwatch()
  try Crowd.run { thread in
    let clients = try Crowd.share(thread).map { _ in try Client(connect(arguments)) }
    var isOver = false
    while !isOver {
      var sent = 0
      for client in clients {
        sent += try client.sendWhatFits(words: arguments.size / 8)
        isOver = isOver || client.isOver
      }
      // All are full. Those that empty them want the processor.
      if sent == 0 { sched_yield() }
    }
    for client in clients { client.connection.abandon() }
  }
  watch.reportShare(errors: 0)
}

/// One connection and its sender, in an array.
private final class Client {
  let connection: Connection<Words>
  private var sender: Sender<Words>
  private var sequence: UInt64 = 0
  /// Whether the server has gone.
  private(set) var isOver = false
  /// The others have their turn after so many.
  private static let most: UInt64 = 256

  init(_ connection: Connection<Words>) throws {
    self.connection = connection
    sender = try connection.sender()
  }

  func sendWhatFits(words: Int) throws -> Int {
    let first = sequence
    do {
      sequence = try sendSome(&sender, first..<first + Self.most, words: words)
    } catch {
      guard error == .closed || error == .peerDied else { throw error }
      isOver = true
    }
    return Int(sequence - first)
  }
}

/// Sends as many of the messages as there is room for, and returns the next one's number.
private func sendSome(
  _ sender: inout Sender<Words>, _ sequences: Range<UInt64>, words: Int
) throws(ChannelError) -> UInt64 {
  for sequence in sequences {
    guard var loan = try sender.tryReserve(count: words) else { return sequence }
    fill(&loan, sequence)
    loan.send()
  }
  return sequences.upperBound
}

// MARK: The server

func gather(_ arguments: Arguments) throws {
  let server = try serve(arguments)
  var receiver = try server.receiver()
  let before = cbench_resident_bytes()
  cbench_report_ready()
  var tally = ConnectionTally(words: arguments.size / 8)
  // Everybody is there before the warm-up begins.
  while tally.senders < Crowd.connections { try tally.take(from: &receiver, until: .max, most: 1) }
  try tally.take(from: &receiver, until: after(arguments.warmUp))
  let first = tally.counts
  let watch = Stopwatch()
  try tally.take(from: &receiver, until: after(arguments.count))
  let counts = zip(tally.counts, first).map { $0 - $1 }
  watch.reportRate(of: counts.reduce(0, +), errors: tally.errors)
  print(
    "fairness=\(fairness(counts)) before=\(before) after=\(cbench_resident_bytes()) "
      + "connections=\(counts.count)")
  server.close()
  awaitDeparture(from: server)
}

private func after(_ milliseconds: Int) -> UInt64 {
  cbench_now() + UInt64(milliseconds) * 1_000_000
}

/// How many messages of each connection have come, and whether they were in order.
private struct ConnectionTally {
  let words: Int
  private(set) var counts: [Int] = []
  private(set) var errors = 0
  private var places: [PeerID: Int] = [:]
  private var current = (peer: PeerID.none, place: 0)

  init(words: Int) { self.words = words }

  var senders: Int { counts.count }

  mutating func take(
    from receiver: inout Receiver<Words>, until deadline: UInt64, most: Int = .max
  ) throws {
    var taken = 0
    while taken < most, let message = try receiver.receive() {
      if message.peer != current.peer { turn(to: message.peer) }
      if !check(message, UInt64(counts[current.place]), words: words) { errors += 1 }
      counts[current.place] += 1
      taken += 1
      // The clock costs as much as a message.
      if taken & 63 == 0, cbench_now() >= deadline { return }
    }
  }

  private mutating func turn(to peer: PeerID) {
    let place = places[peer] ?? counts.count
    if place == counts.count {
      counts.append(0)
      places[peer] = place
    }
    current = (peer, place)
  }
}

/// Jain's index: 1 where all have the same, 1/n where one has everything.
private func fairness(_ counts: [Int]) -> Double {
  let sum = counts.reduce(0.0) { $0 + Double($1) }
  let squares = counts.reduce(0.0) { $0 + Double($1) * Double($1) }
  return squares > 0 ? sum * sum / (Double(counts.count) * squares) : 0
}
