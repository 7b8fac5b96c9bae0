@testable import PsyneCore

/// What went into one stream: where each message begins, and where senders have left.
final class StreamJournal {
  let epoch: Int
  private(set) var starts: [Int]
  var departures: Set<Int> = []

  init(epoch: Int, at position: Int) {
    self.epoch = epoch
    starts = [position]
  }

  var count: Int { starts.count - 1 }
  var end: Int { starts[count] }
  /// Distinct between the streams of one run.
  func label(_ index: Int) -> Int { epoch << 20 | index }
  func add(bytes: Int) { starts.append(end + bytes) }
  /// The message that begins at a position.
  func index(at position: Int) -> Int? { starts.firstIndex(of: position) }
}

/// What is not as it was promised.
struct SimulationFailure: Error, CustomStringConvertible {
  let description: String
  /// Whether not even bytes that were changed on the way excuse it.
  let isInexcusable: Bool

  init(_ description: String, isInexcusable: Bool = false) {
    self.description = description
    self.isInexcusable = isInexcusable
  }
}

/// One side: a link, its lanes, and programs at their other ends.
final class SimulatedParty<Cargo: LinkCargo> {
  let link: Link
  let journal: StreamJournal
  private let outbound: SPSCChannel<Cargo.Body>
  private let inbound: SPSCChannel<Cargo.Body>
  private var sender: Sender<Cargo.Body>?
  private var receiver: Receiver<Cargo.Body>?
  private let capacity: Int

  /// Where its receiver stands.
  private(set) var readPosition: Int
  private(set) var hasSeenEnd = false
  private(set) var hasSeenDeath = false
  /// Whether a receiver of it has ever left.
  private(set) var hasLeftReceiving = false
  private(set) var isClosed = false

  init(
    _ role: Hello.Role, _ terms: LinkTerms, session: LinkID, incarnation: LinkID, epoch: Int,
    beginning positions: Hello.Positions
  ) throws {
    capacity = terms.capacity
    outbound = try makeChannel(capacity: .bytes(capacity))
    inbound = try makeChannel(capacity: .bytes(capacity))
    outbound.lanes.begin(at: positions.whole)
    inbound.lanes.begin(at: positions.held)
    link = try Link(
      role, terms, session: session, incarnation: incarnation, inbound: inbound.lanes,
      outbound: outbound.lanes)
    journal = StreamJournal(epoch: epoch, at: positions.whole)
    readPosition = positions.held
  }

  var hasReadToTheEnd: Bool { hasSeenEnd && readPosition == link.inbound.whole }

  // MARK: Programs

  var isSending: Bool { sender != nil }
  var isReceiving: Bool { receiver != nil }

  /// Whether its sender is told that somebody receives on the other side.
  var believesInReceiver: Bool { outbound.lanes.memory(of: .receiver(0)).isAttached }

  func claimSender() throws { if sender == nil { sender = try outbound.sender() } }
  func claimReceiver() throws { if receiver == nil { receiver = try inbound.receiver() } }

  func dropSender() {
    guard sender != nil else { return }
    sender = nil
    journal.departures.insert(journal.end)
  }

  func dropReceiver() {
    guard receiver != nil else { return }
    receiver = nil
    hasLeftReceiving = true
  }

  /// Both programs leave, and the link ends behind what they sent.
  func close() {
    dropSender()
    dropReceiver()
    link.close()
    isClosed = true
  }

  /// - Parameter mayBeClosed: whether the other side may have said that nobody reads.
  func send(upTo count: Int, mayBeClosed: Bool) throws {
    for _ in 0..<count {
      let label = journal.label(journal.count)
      switch offer(label) {
      case .success(true): journal.add(bytes: Cargo.frame(label, in: capacity))
      case .success(false): return
      case .failure(let error):
        guard mayBeClosed, error == .closed else { throw error }
        return
      }
    }
  }

  private func offer(_ label: Int) -> Result<Bool, ChannelError> {
    guard var end = sender.take() else { return .success(false) }
    let result = Result { () throws(ChannelError) in
      try Cargo.send(label, in: capacity, by: &end)
    }
    sender = consume end
    return result
  }

  /// - Parameter source: the stream, and where in it, that a position is in.
  func receive(
    upTo count: Int, from source: (Int) throws -> (journal: StreamJournal, index: Int)
  ) throws {
    for _ in 0..<count {
      // A message is asked for by its label: of what is not there, any will do.
      let (journal, index) = try source(readPosition)
      let label = journal.label(index)
      switch take(label) {
      case .success(nil): return
      case .success(true) where index < journal.count:
        readPosition += Cargo.frame(label, in: capacity)
        hasSeenEnd = false
      case .failure(.closed):
        hasSeenEnd = true
        return
      case .failure(.peerDied):
        hasSeenDeath = true
        return
      case .failure(let error):
        throw SimulationFailure("a lane is damaged: \(error)", isInexcusable: true)
      case let other:
        throw SimulationFailure(
          "the \(link.role) got \(other) instead of message \(index) of stream \(journal.epoch), "
            + "of which \(journal.count) were sent, at \(readPosition) of \(link.inbound.whole)")
      }
    }
  }

  private func take(_ label: Int) -> Result<Bool?, ChannelError> {
    guard var end = receiver.take() else { return .success(nil) }
    let result = Result { () throws(ChannelError) in
      try Cargo.receive(label, in: capacity, by: &end)
    }
    receiver = consume end
    return result
  }

  /// Its link has ended: what has come is there all the same, as far as it is whole.
  func readWhatHasCome(
    from source: (Int) throws -> (journal: StreamJournal, index: Int)
  ) throws {
    link.leave(as: .died)
    guard !isClosed else { return }
    try claimReceiver()
    // Between two senders it is told that the first one has left.
    for _ in 0..<100 where readPosition < link.inbound.whole {
      try receive(upTo: .max, from: source)
    }
    guard readPosition == link.inbound.whole else {
      throw SimulationFailure(
        "the \(link.role) has read \(readPosition) of \(link.inbound.whole) that had come")
    }
  }

  /// What lies unread in the lane, which holds `capacity`.
  func checkMemory(mayFail: Bool) throws {
    let unread = link.inbound.whole - link.inbound.consumed
    guard (0...capacity).contains(unread) else {
      throw SimulationFailure("\(unread) bytes lie in a lane of \(capacity)", isInexcusable: true)
    }
    guard mayFail || link.phase != .failed else { throw SimulationFailure("a link has failed") }
  }
}
