@testable import PsyneCore

/// Two links and the programs at their lanes, over a network that does what it likes: one number decides
/// everything that happens.
final class LinkSimulation<Cargo: LinkCargo> {
  private var random: SeededRandom
  private var now: Int64 = 1_000_000_000
  private let terms: LinkTerms
  private let session = LinkID(low: 7, high: 7)
  private let traits: Traits

  private let connector: SimulatedParty<Cargo>
  private var listener: SimulatedParty<Cargo>?
  /// What each of the listener's incarnations has sent, and where it begins to receive.
  private var incarnations: [LinkID: (journal: StreamJournal, beginning: Int)] = [:]
  /// From which position on the connector receives which stream.
  private var segments: [(start: Int, journal: StreamJournal)] = []
  /// The most that any incarnation of the listener has received of the connector's messages.
  private var received = 0

  private var incarnation = LinkID(low: 1, high: 1)
  private var restarts = 0
  private var isKind = false
  /// Programs leave, and do not come again.
  private var isQuiet = false
  private var isClosing = false
  /// Whether the listener has no room for whoever comes.
  private var isFull = false
  private static var fullness: LinkError { LinkError(.full, "there is no room") }
  /// Which side has found something, and what.
  private var failing: (party: SimulatedParty<Cargo>, error: LinkError)?

  /// The connector's own, and the listener's.
  private var dialled: SimulatedConnection?
  private var taken: SimulatedConnection?
  /// Connections whose hello has not come, or not all of it.
  private var greeting: [(connection: SimulatedConnection, bytes: [UInt8])] = []
  private var hasEndedInOrder = false
  private var redialAt: Int64 = 0

  /// What is so all through one run.
  private struct Traits {
    var messages: Int
    var wireBytes: Int
    var pieceBytes: Int
    var restarts: Bool
    var acknowledges: Bool
    var programsLeave: Bool
    /// Who closes, before or when everything has arrived.
    var connectorCloses: Bool
    var listenerCloses: Bool
    var closesEarly: Bool
    /// Turns the connector away at times, which ends the session once the connector has heard it.
    var refuses: Bool
    /// One side ends with an error.
    var fails: Bool
  }

  /// One side has heard of the other that it has ended the session.
  private struct Told: Error {
    let role: Hello.Role
    let error: LinkError
  }

  init(seed: UInt64) throws {
    random = SeededRandom(seed: seed)
    let capacity = 4096 << random.below(5)
    terms = LinkTerms(
      format: MessageFormat(Cargo.Body.self), capacity: capacity, largestMessage: capacity - 8,
      keepAlive: 1000)
    let closers = random.below(3)
    traits = Traits(
      messages: 20 + random.below(100), wireBytes: 1 << (7 + random.below(11)),
      pieceBytes: 1 << (1 + random.below(15)), restarts: random.below(3) == 0,
      acknowledges: random.below(2) == 0, programsLeave: random.below(2) == 0,
      connectorCloses: closers != 0, listenerCloses: closers != 1,
      closesEarly: random.below(3) == 0, refuses: random.below(8) == 0, fails: random.below(8) == 0)
    connector = try SimulatedParty(
      .connector, terms, session: session, incarnation: .none, epoch: 0,
      beginning: Hello.Positions())
  }

  func run() throws {
    do {
      try runToEnd()
    } catch let told as Told {
      try checkTold(told)
    }
  }

  private func runToEnd() throws {
    let isEarly = chance(of: 4)
    for _ in 0..<(traits.fails && isEarly ? random.below(300) : 300) { try step() }
    if traits.fails { return try failOneSide() }
    isKind = !traits.closesEarly
    try goOn("everything has arrived") { self.hasDelivered || !self.isKind }
    if isKind { try fallQuiet() }
    isClosing = true
    if traits.connectorCloses { connector.close() }
    if traits.listenerCloses { listener?.close() }
    for _ in 0..<random.below(100) { try step() }
    isKind = true
    try goOn("both have finished") { self.hasFinished }
    try checkEnd()
  }

  /// One after the other the programs leave, and the other side hears of it, whatever is lost.
  private func fallQuiet() throws {
    isQuiet = true
    for party in [connector, listener].compactMap(\.self) {
      party.dropSender()
      try party.claimReceiver()
    }
    isKind = false
    for _ in 0..<30 { try step() }
    isKind = true
    try goOn("both know that nobody sends") {
      self.connector.hasReadToTheEnd && self.listener?.hasReadToTheEnd == true
    }
    isKind = false
    for _ in 0..<60 {
      for party in [connector, listener].compactMap(\.self) where chance(of: 10) {
        if party.isReceiving { party.dropReceiver() } else { try party.claimReceiver() }
      }
      try step()
    }
    isKind = true
    try goOn("both know who receives") {
      self.connector.believesInReceiver == self.listener?.isReceiving
        && self.listener?.believesInReceiver == self.connector.isReceiving
    }
  }

  /// One side finds something. The other one hears it, or a break before.
  private func failOneSide() throws {
    isKind = true
    try goOn("both have met") {
      self.listener?.link.phase == .established && self.connector.link.phase == .established
        && self.dialled === self.taken
    }
    guard let listener else { return }
    let (party, other) = chance(of: 2) ? (connector, listener) : (listener, connector)
    let error = LinkError(.other, "the \(party.link.role) has found something")
    failing = (party, error)
    party.link.fail(error)
    isKind = chance(of: 2)
    let connection = dialled
    try goOn("the other side has heard of it") {
      (other === self.connector ? self.dialled : self.taken) !== connection
    }
  }

  /// The same over a network that also changes what it carries. Whatever that does to the streams, both
  /// sides fail with an error or go on.
  func runTampered() throws {
    do {
      for _ in 0..<300 {
        try step()
        if chance(of: 20) { dialled?.toListener.tamper(tamper) }
        if chance(of: 20) { dialled?.toConnector.tamper(tamper) }
      }
    } catch let failure as SimulationFailure where !failure.isInexcusable {
      return
    } catch is LinkError {
      return
    } catch is Told {
      return
    }
  }

  private func tamper(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    // Most of what is important stands at the beginning.
    let place = random.below(chance(of: 2) ? min(64, bytes.count) : bytes.count)
    let few = min(1 + random.below(40), bytes.count - place)
    let some = (0..<few).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    switch random.below(5) {
    case 0: bytes[place] ^= UInt8(1 << random.below(8))
    case 1: bytes.replaceSubrange(place..<place + few, with: some)
    case 2: bytes.removeSubrange(place..<place + few)
    case 3: bytes.insert(contentsOf: some, at: place)
    default: bytes.insert(contentsOf: bytes[place..<place + few], at: place)
    }
  }

  private func goOn(_ goal: String, until isReached: () -> Bool) throws {
    let limit = now + 300_000_000_000
    while !isReached() {
      guard now < limit else { throw SimulationFailure("it hangs before \(goal): \(state)") }
      try step()
    }
  }

  private var state: String {
    let parties = [connector, listener].compactMap(\.self).map {
      "the \($0.link.role) is \($0.link.phase), has read \($0.readPosition) of "
        + "\($0.link.inbound.whole), sent \($0.journal.count) messages and "
        + "\($0.journal.end) bytes, \($0.link.outbound.head) of which are freed, "
        + ($0.isClosed ? "has closed" : $0.hasSeenEnd ? "has seen the end" : "goes on")
    }
    return parties.joined(separator: "; ")
      + "; \(traits), connected \(dialled != nil), \(taken != nil)"
  }

  private func chance(of one: Int) -> Bool { random.below(one) == 0 }
}

// MARK: Steps

extension LinkSimulation {
  private func step() throws {
    now += Int64(1 + random.below(chance(of: 50) ? 500_000_000 : 5_000_000))
    try runPrograms()
    if isKind { isFull = false } else { try disturb() }
    dial()
    try runConnector()
    try acceptGreeting()
    try runListener()
    for party in [connector, listener].compactMap(\.self) {
      try party.checkMemory(mayFail: party === failing?.party)
    }
  }

  private func disturb() throws {
    if chance(of: 30) { cut(dialled) }
    if chance(of: 60) { cut(taken) }
    if chance(of: 20) {
      dialled?.toListener.stalledUntil = now + Int64(random.below(4_000_000_000))
    }
    if chance(of: 20) {
      dialled?.toConnector.stalledUntil = now + Int64(random.below(4_000_000_000))
    }
    // The connector gives up before the listener hears of it.
    if chance(of: 80), let lost = dialled {
      lost.toListener.cut(
        keeping: random.below(lost.toListener.count + 1), noticedAt: now + Int64(4_000_000_000))
      connector.link.disconnect()
      dialled = nil
    }
    if traits.restarts, !isClosing, !isQuiet, restarts < 4, listener != nil, chance(of: 100) {
      restart()
    }
    if traits.refuses, chance(of: isFull ? 20 : 100) { isFull.toggle() }
  }

  private func cut(_ connection: SimulatedConnection?) {
    guard let connection else { return }
    connection.toListener.cut(
      keeping: random.below(connection.toListener.count + 1),
      noticedAt: now + Int64(random.below(2_000_000_000)))
    connection.toConnector.cut(
      keeping: random.below(connection.toConnector.count + 1),
      noticedAt: now + Int64(random.below(2_000_000_000)))
  }

  /// The listener's process ends, and another one begins.
  private func restart() {
    restarts += 1
    for connection in greeting.map(\.connection) + [taken].compactMap(\.self) { cut(connection) }
    (greeting, taken, listener) = ([], nil, nil)
    incarnation = LinkID(low: incarnation.low + 1, high: 1)
  }

  private func runPrograms() throws {
    for party in [connector, listener].compactMap(\.self) where !party.isClosed {
      if !isQuiet, isKind || chance(of: 4) { try party.claimSender() }
      if !isQuiet, isKind || chance(of: 4) { try party.claimReceiver() }
      if traits.programsLeave, !isKind, !isQuiet {
        if chance(of: 40) { party.dropSender() }
        if chance(of: 40) { party.dropReceiver() }
      }
      let left = traits.messages - party.journal.count
      if left > 0, chance(of: 2) {
        let other = party === connector ? listener : connector
        try party.send(
          upTo: min(left, 1 + random.below(20)),
          mayBeClosed: isClosing || restarts > 0 || other?.hasLeftReceiving == true)
      }
      if isKind || chance(of: 3) {
        try party.receive(upTo: 1 + random.below(10), from: source(of: party))
      }
    }
    received = max(received, (listener?.readPosition).flatMap(connector.journal.index) ?? 0)
  }

  private func source(
    of party: SimulatedParty<Cargo>
  ) -> (Int) throws -> (journal: StreamJournal, index: Int) {
    { [self] position in
      let journal =
        party === connector
        ? segments.last { $0.start <= position }?.journal : connector.journal
      guard let journal else { return (connector.journal, connector.journal.count) }
      guard let index = journal.index(at: position) else {
        throw SimulationFailure("a receiver goes on at \(position), within a message")
      }
      return (journal, index)
    }
  }
}

// MARK: The drivers

extension LinkSimulation {
  private func dial() {
    guard dialled == nil, !hasEndedInOrder, connector.link.phase != .failed, now >= redialAt else {
      return
    }
    let connection = SimulatedConnection(capacity: traits.wireBytes)
    dialled = connection
    greeting.append((connection, []))
    connector.link.connect(now: now)
  }

  private func runConnector() throws {
    guard let connection = dialled else { return }
    serve(connector.link, writing: &connection.toListener)
    if connector.link.phase == .failed {
      connection.toListener.finish()
      dialled = nil
      return
    }
    let end = try hear(connector.link, reading: &connection.toConnector)
    try noteMeeting()
    guard let end else { return }
    connection.toListener.finish()
    connector.link.disconnect()
    dialled = nil
    redialAt = now + Int64(random.below(200_000_000))
    hasEndedInOrder = end == .inOrder && connector.link.phase == .finished
  }

  private func noteMeeting() throws {
    guard let meeting = connector.link.meeting,
      let (journal, beginning) = incarnations[connector.link.incarnation]
    else { return }
    connector.link.meeting = nil
    let start = journal.starts[0]
    switch meeting {
    case .new: segments = [(start, journal)]
    case .resumed: break
    case .restarted(let again):
      segments.append((start, journal))
      guard let first = connector.journal.index(at: beginning) else {
        throw SimulationFailure("another listener goes on within a message")
      }
      guard first <= received, received - first <= again else {
        throw SimulationFailure(
          "\(received - first) messages come again, of which \(again) were foretold")
      }
    }
  }

  private func acceptGreeting() throws {
    for (place, waiting) in greeting.enumerated().reversed() {
      let limit = min(Hello.bytes - waiting.bytes.count, 1 + random.below(Hello.bytes))
      let bytes = waiting.bytes + waiting.connection.toListener.read(upTo: limit, now: now)
      greeting[place].bytes = bytes
      if bytes.count == Hello.bytes {
        greeting.remove(at: place)
        if isFull {
          try refuse(bytes, waiting.connection)
        } else {
          try accept(
            try unsafe bytes.withUnsafeBytes { try unsafe Hello(decoding: $0) }, waiting.connection)
        }
      } else if waiting.connection.toListener.ending(now: now) != nil {
        greeting.remove(at: place)
        waiting.connection.toConnector.cut(keeping: 0, noticedAt: now)
      }
    }
  }

  private func refuse(_ bytes: [UInt8], _ connection: SimulatedConnection) throws {
    guard let refusal = Link.refusal(of: bytes.span, terms, Self.fullness) else {
      throw SimulationFailure("a whole hello is not answered")
    }
    // Whatever room there is: it is the first thing that this stream carries.
    unsafe refusal.withUnsafeBytes { unsafe connection.toConnector.write($0) }
    if chance(of: 3) {
      connection.toConnector.cut(
        keeping: random.below(refusal.count), noticedAt: now + Int64(random.below(1_000_000_000)))
    } else {
      connection.toConnector.finish()
    }
  }

  private func accept(_ hello: Hello, _ connection: SimulatedConnection) throws {
    try hello.check(against: terms)
    let party = try listener ?? makeListener(hello)
    listener = party
    guard party.link.phase != .failed, try party.link.accept(hello, now: now) else {
      connection.toConnector.cut(keeping: 0, noticedAt: now)
      return
    }
    taken?.toConnector.cut(keeping: 0, noticedAt: now)
    taken = connection
    party.link.meeting = nil
  }

  private func makeListener(_ hello: Hello) throws -> SimulatedParty<Cargo> {
    let party = try SimulatedParty<Cargo>(
      .listener, terms, session: session, incarnation: incarnation,
      epoch: Int(incarnation.low), beginning: hello.positions)
    incarnations[incarnation] = (party.journal, hello.positions.held)
    if isClosing, traits.listenerCloses { party.close() }
    return party
  }

  private func runListener() throws {
    guard let connection = taken, let link = listener?.link else { return }
    let wasFinished = link.phase == .finished
    serve(link, writing: &connection.toConnector)
    let hasEnded = wasFinished || link.phase == .failed
    let end = hasEnded ? nil : try hear(link, reading: &connection.toListener)
    guard end != nil || link.phase == .finished || link.phase == .failed else { return }
    // A stream that the listener ends in order says that it has finished, or has failed: it ends no other
    // one so.
    if link.phase == .finished || link.phase == .failed {
      connection.toConnector.finish()
    } else {
      connection.toConnector.cut(keeping: connection.toConnector.count, noticedAt: now)
    }
    link.disconnect()
    taken = nil
  }

  private func serve(_ link: Link, writing wire: inout SimulatedWire) {
    if traits.acknowledges, chance(of: 4) { link.acknowledge() }
    _ = link.noteReading()
    guard isKind || !chance(of: 4) else { return }
    var copy = wire
    _ = unsafe link.send(now: now, leaving: isKind ? 0 : random.below(8192)) { [self] head, rest in
      unsafe take(head, rest, into: &copy)
    }
    wire = copy
  }

  private var pieceBytes: Int {
    1 + random.below(isKind ? max(2048, traits.pieceBytes) : traits.pieceBytes)
  }

  private func take(
    _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, into wire: inout SimulatedWire
  ) -> Int {
    guard random.below(8) > 0 else { return 0 }
    let count = min(head.count + rest.count, wire.room, pieceBytes)
    unsafe wire.write(UnsafeRawBufferPointer(rebasing: head.prefix(count)))
    unsafe wire.write(UnsafeRawBufferPointer(rebasing: rest.prefix(max(0, count - head.count))))
    return count
  }

  /// How the connection has ended, if it has.
  private func hear(
    _ link: Link, reading wire: inout SimulatedWire
  ) throws -> SimulatedWire.End? {
    for _ in 0..<(isKind ? 8 : random.below(4)) where try hearOnce(link, &wire) == 0 { break }
    if let end = wire.ending(now: now) { return end }
    do { try link.tick(now: now) } catch { return .broken }
    return nil
  }

  private func hearOnce(_ link: Link, _ wire: inout SimulatedWire) throws -> Int {
    let limit = pieceBytes
    do {
      return try unsafe link.receive(now: now) { direct, staging in
        let first = unsafe wire.read(
          into: UnsafeMutableRawBufferPointer(rebasing: direct.prefix(limit)), now: now)
        guard first == direct.count else { return first }
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: staging.prefix(limit - first))
        return first + (unsafe wire.read(into: rest, now: now))
      }
    } catch {
      guard error.isFromPeer else {
        throw SimulationFailure("the \(link.role) has failed: \(error)")
      }
      throw Told(role: link.role, error: error)
    }
  }
}

// MARK: The end

extension LinkSimulation {
  private var hasDelivered: Bool {
    guard let listener, connector.journal.count == traits.messages,
      listener.journal.count == traits.messages
    else { return false }
    return listener.readPosition == connector.journal.end
      && connector.readPosition == listener.journal.end
  }

  private var hasFinished: Bool {
    guard let listener else { return false }
    return hasEndedInOrder && listener.link.phase == .finished
      && [connector, listener].allSatisfy { $0.isClosed || $0.hasReadToTheEnd }
  }

  /// Whoever has heard why the session ends knows it, and has got what was sent before.
  private func checkTold(_ told: Told) throws {
    guard let party = told.role == .connector ? connector : listener else {
      throw SimulationFailure("nobody has been told")
    }
    let isRefused = party === connector && told.error.code == .full
    let expected = isRefused ? Self.fullness : failing?.error
    guard told.error.code == expected?.code, told.error.message == expected?.message,
      party.link.phase == .failed, party.link.error == told.error
    else { throw SimulationFailure("the \(party.link.role) has been told: \(told.error)") }
    if isRefused {
      // It has met nobody by it.
      guard party.link.meeting == nil,
        segments.last?.journal === incarnations[party.link.incarnation]?.journal
      else { throw SimulationFailure("a refusal was taken for a meeting") }
    } else {
      if party === connector { try noteMeeting() }
      // All that was sent before the error came before it.
      guard let failing,
        let whole = failing.party.journal.starts.last(where: {
          $0 <= failing.party.link.sentPosition
        }), party.link.inbound.whole == whole
      else {
        throw SimulationFailure(
          "the \(party.link.role) has got \(party.link.inbound.whole) bytes with the error")
      }
    }
    try party.readWhatHasCome(from: source(of: party))
  }

  /// Whoever closes has its messages delivered, unless the other one closed before.
  private func checkEnd() throws {
    guard let listener else { throw SimulationFailure("there is no listener") }
    let hears = (
      listener.readPosition == connector.journal.end,
      connector.readPosition == listener.journal.end
    )
    if !traits.listenerCloses, !hears.0 {
      throw SimulationFailure("the connector has closed, and not all that it sent has arrived")
    }
    if !traits.connectorCloses, !hears.1 {
      throw SimulationFailure("the listener has closed, and not all that it sent has arrived")
    }
    if listener.hasSeenDeath || connector.hasSeenDeath && restarts == 0 {
      throw SimulationFailure("a stream ended as if its sender had died")
    }
  }
}
