internal import CPsyne
internal import Synchronization

/// Where threads of one process listen, by name, and those that wait for one to be there.
final class MemoryPlaces: Sendable {
  private struct State {
    var places: [String: MemoryPlace] = [:]
    var waiting: [Latch] = []
  }
  private let state = Mutex(State())

  func add(_ place: MemoryPlace, _ address: ChannelAddress) throws(TransportError) {
    let waiting = state.withLock { state -> [Latch]? in
      guard state.places[place.name] == nil else { return nil }
      state.places[place.name] = place
      defer { state.waiting = [] }
      return state.waiting
    }
    guard let waiting else {
      throw TransportError(
        .inUse, "somebody listens at '\(address)' already: take another name, or close that one")
    }
    for latch in waiting { latch.set() }
  }

  func remove(_ place: MemoryPlace) {
    state.withLock { state in
      if state.places[place.name] === place { state.places[place.name] = nil }
    }
  }

  /// The place of a name, for which it waits until `deadline`.
  func find(_ name: String, until deadline: Int64) -> MemoryPlace? {
    while true {
      let latch = Latch()
      let place = state.withLock { state in
        if let place = state.places[name] { return Optional(place) }
        state.waiting.append(latch)
        return nil
      }
      if let place { return place }
      latch.wait(until: deadline)
      if !latch.isSet {
        state.withLock { state in state.waiting.removeAll { $0 === latch } }
        return nil
      }
    }
  }
}

/// Where threads of one process connect.
final class MemoryPlace: ListeningPlace, Sendable {
  let name: String
  let address: String
  private let channel: ChannelAddress
  private let format: MessageFormat
  private let options: ChannelOptions
  private let accept: @Sendable (Carrier) throws(TransportError) -> Void
  private let places: MemoryPlaces
  private let isClosed = Atomic<Bool>(false)

  init(
    _ address: ChannelAddress, _ format: MessageFormat, _ options: ChannelOptions,
    _ places: MemoryPlaces, _ accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) {
    try options.checkForConnection(at: address)
    name = try address.name()
    self.address = "memory://\(name)"
    channel = address
    self.format = format
    self.options = options
    self.places = places
    self.accept = accept
  }

  func close() {
    // First: whoever closes ends the connections that it finds then. One that comes later is ended by who
    // makes it, which looks at this afterwards.
    isClosed.store(true, ordering: .sequentiallyConsistent)
    places.remove(self)
  }

  private func checkIsOpen() throws(TransportError) {
    guard !isClosed.load(ordering: .sequentiallyConsistent) else {
      throw TransportError(
        .notFound, "cannot connect to '\(address)': who listened there has left meanwhile")
    }
  }

  /// Connects somebody.
  func connect(
    _ address: ChannelAddress, _ wanted: MessageFormat, _ theirs: ChannelOptions
  ) throws(TransportError) -> Carrier {
    try format.check(wanted, at: address)
    let capacity = try theirs.laneCapacity()
    if let ours = try options.laneCapacity() {
      try ChannelOptions.check(capacity: capacity, against: ours, at: address)
    }
    var both = options
    both.capacity = options.capacity ?? theirs.capacity
    let shape = try ChannelShape(.spsc, both, at: address)
    let placement = LanePlacement(options, of: channel)
    let arrival = ArrivalBell()
    let up = try LaneSet.inMemory(format, shape, placement, bell: arrival)
    let down = try LaneSet.inMemory(format, shape, placement)
    let server = MemoryCarrier(
      inbound: up, outbound: down, peer: "a thread of this process", state: .connected)
    let client = MemoryCarrier(
      inbound: down, outbound: up, peer: self.address, state: .connected)
    arrival.carrier = server
    (server.other, client.other) = (client, server)
    do throws(TransportError) {
      try checkIsOpen()
      try accept(server)
      try checkIsOpen()
    } catch {
      server.close()
      throw error
    }
    // If it has ended meanwhile, that was told before, and this is not.
    server.tell(.connected)
    return client
  }
}

extension ChannelOptions {
  /// Throws for what only channels can have, of kinds that connections are not.
  package func checkForConnection(at address: ChannelAddress) throws(TransportError) {
    for (option, isSet) in [
      ("producers", producers != nil), ("consumers", consumers != nil), ("slow", slow != nil),
    ] where isSet {
      throw TransportError(
        .invalidOption,
        "a connection, as at '\(address)', has one sender and one receiver each way: "
          + "leave the option '\(option)' out, or open a channel of a kind that has several")
    }
  }
}

private final class MemoryCarrier: LocalCarrier, @unchecked Sendable {
  // Unchecked: set once, before anybody else has it.
  weak var other: MemoryCarrier?

  override func tellPeer(_ ending: LaneEnding) { other?.peerEnded(ending) }
}

/// Tells a server that something has come in a lane.
private final class ArrivalBell: LaneBell, @unchecked Sendable {
  // Unchecked: set once, before the lane has ends.
  weak var carrier: Carrier?

  override func published() { carrier?.tellArrival() }
  override func changed() { carrier?.tellArrival() }
}
