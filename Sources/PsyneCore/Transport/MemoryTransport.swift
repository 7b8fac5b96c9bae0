internal import CPsyne
internal import Glibc
internal import Synchronization

/// `memory://name`: channels between the threads of one process.
///
/// A channel exists for as long as somebody in the process has it open. Each `MemoryTransport` has
/// names of its own; copies of one share them.
public struct MemoryTransport: Transport {
  private let names = Names()
  private let places = MemoryPlaces()

  public init() {}

  public var scheme: String { "memory" }

  public var optionNames: [String] {
    [
      "capacity", "producers", "consumers", "wait", "slow", "full", "hugepages", "numa",
      "connecttimeout",
    ]
  }

  public func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    let placement = LanePlacement(options, of: address)
    return try names.open(try address.name(), address, kind, format, options, placement)
  }

  public func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace {
    let place = try MemoryPlace(address, format, options, places, accept)
    try places.add(place, address)
    return place
  }

  public func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    try options.checkForConnection(at: address)
    let timeout = options.connectTimeout ?? ChannelOptions.defaultConnectTimeout
    let deadline = cpsyne_monotonic_ns() + timeout.nanoseconds
    guard let place = places.find(try address.name(), until: deadline) else {
      throw TransportError(
        .notFound, "nobody listens at '\(address)' within \(timeout.spelled)")
    }
    return try place.connect(address, format, options)
  }
}

/// The channels of one transport that are open.
private final class Names: Sendable {
  private struct Entry {
    weak var lanes: LaneSet?
    let placement: LanePlacement
  }

  private struct Entries {
    var byName: [String: Entry] = [:]
    /// So many there may be before those of closed channels are removed: twice as many as were open
    /// then, so that opening a channel costs the same however many there are.
    var limit = 64
  }

  private let entries = Mutex(Entries())

  func open(
    _ name: String, _ address: ChannelAddress, _ kind: ChannelKind, _ format: MessageFormat,
    _ options: ChannelOptions, _ placement: LanePlacement
  ) throws(TransportError) -> LaneSet {
    try entries.withLock { entries throws(TransportError) in
      if let entry = entries.byName[name], let lanes = entry.lanes, !lanes.wasLeft {
        try lanes.check(address, kind: kind, format: format, options: options)
        try placement.check(against: entry.placement)
        return lanes
      }
      if entries.byName.count >= entries.limit {
        entries.byName = entries.byName.filter { $0.value.lanes != nil }
        entries.limit = max(64, 2 * entries.byName.count)
      }
      let shape = try ChannelShape(kind, options, at: address)
      let lanes = try LaneSet.inMemory(format, shape, placement)
      entries.byName[name] = Entry(lanes: lanes, placement: placement)
      return lanes
    }
  }
}

extension LaneSet {
  /// Lanes in memory of this process.
  ///
  /// - Parameter bell: is told of what happens on them.
  package static func inMemory(
    _ format: MessageFormat, _ shape: ChannelShape, _ placement: LanePlacement = LanePlacement(),
    bell: LaneBell? = nil
  ) throws(TransportError) -> LaneSet {
    // A file without a name, because only a file can be mapped twice.
    let descriptor = unsafe cpsyne_memfd_create("psyne")
    guard descriptor >= 0 else {
      let number = errno
      throw TransportError(
        .system,
        "cannot create memory for a channel: \(Errno.text(number))\(Errno.advice(number))",
        errno: number)
    }
    defer { close(descriptor) }
    // Where the data begins: what lies between is a hole, which takes no memory.
    let dataOffset = placement.aligned(shape.headerBytes, shape.capacity)
    guard ftruncate(descriptor, dataOffset + shape.lanes * shape.capacity) == 0 else {
      let number = errno
      throw TransportError(
        .noSpace,
        "no memory for a channel of \(ByteCount.bytes(shape.bytes)): \(Errno.text(number))",
        errno: number)
    }
    let mapping = try ChannelMapping(
      descriptor: descriptor, place: ChannelMapping.Place(headers: 0, data: dataOffset),
      shape: shape, placement: placement, bell: bell)
    return LaneSet(mapping: mapping, format: format, custody: MemoryCustody())
  }
}

/// Who holds which end, among the threads of one process.
private final class MemoryCustody: ChannelCustody {
  private let gate = Mutex(())
  private let held = Mutex<Set<ChannelEnd>>([])

  var partiesCanDie: Bool { false }

  func take(_ end: ChannelEnd) -> Bool { held.withLock { $0.insert(end).inserted } }
  func release(_ end: ChannelEnd) { held.withLock { _ = $0.remove(end) } }
  func isHeld(_ end: ChannelEnd) -> Bool { held.withLock { $0.contains(end) } }
  func holder(of end: ChannelEnd) -> String { "this process" }
  func exclusively(_ body: () -> Void) { gate.withLock { _ in body() } }
  func leave() { held.withLock { $0.removeAll() } }
}
