internal import CPsyne
internal import Glibc
internal import Synchronization

/// `memory://name`: channels between the threads of one process.
///
/// A channel exists for as long as somebody in the process has it open. Each `MemoryTransport` has
/// names of its own; copies of one share them.
public struct MemoryTransport: Transport {
  private let names = Names()

  public init() {}

  public var scheme: String { "memory" }

  public var optionNames: [String] {
    ["capacity", "producers", "consumers", "wait", "slow", "full", "hugepages", "numa"]
  }

  public func open(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Lane {
    let name = try address.name()
    let capacity = try options.laneCapacity()
    let placement = LanePlacement(options, of: address)
    return try names.open(name, address, format, capacity, placement)
  }
}

/// The channels of one transport that are open.
private final class Names: Sendable {
  private struct Entry {
    weak var lane: Lane?
    let placement: LanePlacement
  }

  private let entries = Mutex<[String: Entry]>([:])

  func open(
    _ name: String, _ address: ChannelAddress, _ format: MessageFormat, _ capacity: Int?,
    _ placement: LanePlacement
  ) throws(TransportError) -> Lane {
    try entries.withLock { entries throws(TransportError) in
      if let entry = entries[name], let lane = entry.lane, !lane.wasLeft {
        try lane.check(address, format: format, capacity: capacity)
        try placement.check(against: entry.placement)
        return lane
      }
      entries = entries.filter { $0.value.lane != nil }
      let capacity = capacity ?? ChannelOptions.defaultCapacity.bytes
      let lane = try Self.makeLane(format, capacity, placement)
      entries[name] = Entry(lane: lane, placement: placement)
      return lane
    }
  }

  private static func makeLane(
    _ format: MessageFormat, _ capacity: Int, _ placement: LanePlacement
  ) throws(TransportError) -> Lane {
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
    let dataOffset = max(LaneLayout.headerBytes, placement.alignment(capacity))
    guard ftruncate(descriptor, dataOffset + capacity) == 0 else {
      let number = errno
      throw TransportError(
        .noSpace, "no memory for a channel of \(ByteCount.bytes(capacity)): \(Errno.text(number))",
        errno: number)
    }
    let mapping = try LaneMapping(
      descriptor: descriptor, headerOffset: 0, dataOffset: dataOffset, capacity: capacity,
      placement: placement)
    return Lane(mapping: mapping, format: format, custody: MemoryCustody())
  }
}

/// Who holds which end, among the threads of one process.
private final class MemoryCustody: LaneCustody {
  private let gate = Mutex(())
  private let held = Mutex<Set<LaneEnd>>([])

  var partiesCanDie: Bool { false }

  func take(_ end: LaneEnd) throws(TransportError) {
    guard held.withLock({ $0.insert(end).inserted }) else {
      throw TransportError(
        .inUse, "the channel's \(end) is in use in this process; it can be claimed once")
    }
  }

  func release(_ end: LaneEnd) { held.withLock { _ = $0.remove(end) } }
  func isHeld(_ end: LaneEnd) -> Bool { held.withLock { $0.contains(end) } }
  func exclusively(_ body: () -> Void) { gate.withLock { _ in body() } }
  func leave() { held.withLock { $0.removeAll() } }
}
