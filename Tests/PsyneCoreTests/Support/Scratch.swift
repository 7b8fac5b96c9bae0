import CPsyne
import Glibc
import PsyneCore
import Synchronization

/// A lane whose memory the test can write to behind the library's back, as a hostile peer can.
@safe
final class Scratch: Transport, @unchecked Sendable {
  // Unchecked: the pointers are constants, and a race on what they point at is what is tested.
  private let mapping: LaneMapping
  private let header: UnsafeMutableRawPointer
  private let data: UnsafeMutableRawPointer
  let capacity: Int
  /// The lane, once a channel was opened on it: every open gives the same one.
  private let lane = Mutex<Lane?>(nil)

  init(capacity: Int = 4096) throws {
    self.capacity = capacity
    let descriptor = unsafe cpsyne_memfd_create("psyne-scratch")
    try Self.require(descriptor >= 0)
    defer { close(descriptor) }
    try Self.require(ftruncate(descriptor, LaneLayout.headerBytes + capacity) == 0)
    mapping = try LaneMapping(
      descriptor: descriptor, headerOffset: 0, dataOffset: LaneLayout.headerBytes,
      capacity: capacity)
    let all = unsafe mmap(
      nil, LaneLayout.headerBytes + capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let all = unsafe all, unsafe all != MAP_FAILED else { throw NoMemory() }
    unsafe header = all
    unsafe data = all + LaneLayout.headerBytes
  }

  deinit { unsafe munmap(header, LaneLayout.headerBytes + capacity) }

  private struct NoMemory: Error {}

  private static func require(_ condition: Bool) throws {
    guard condition else { throw NoMemory() }
  }

  // MARK: Transport

  var scheme: String { "scratch" }
  var optionNames: [String] { [] }

  func open(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Lane {
    lane.withLock { lane in
      if let lane { return lane }
      let new = Lane(mapping: mapping, format: format, custody: Custody())
      lane = new
      return new
    }
  }

  /// A channel on the lane as it lies there.
  func channel<Body: MessageBody>(of body: Body.Type = Body.self) throws -> SPSCChannel<Body> {
    lane.withLock { $0 = nil }
    return try TransportRegistry([self]).open("scratch://lane")
  }

  var memory: LaneMemory { mapping.memory }

  // MARK: Scribbling

  /// As new.
  func reset() {
    unsafe header.initializeMemory(as: UInt8.self, repeating: 0, count: LaneLayout.headerBytes)
    unsafe data.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
  }

  subscript(position offset: Int) -> Int {
    get { unsafe header.load(fromByteOffset: offset, as: Int.self) }
    set { unsafe header.storeBytes(of: newValue, toByteOffset: offset, as: Int.self) }
  }

  subscript(word offset: Int) -> UInt32 {
    get { unsafe header.load(fromByteOffset: offset, as: UInt32.self) }
    set { unsafe header.storeBytes(of: newValue, toByteOffset: offset, as: UInt32.self) }
  }

  /// A word of the lane's data.
  subscript(data index: Int) -> UInt64 {
    get { unsafe data.load(fromByteOffset: index, as: UInt64.self) }
    set { unsafe data.storeBytes(of: newValue, toByteOffset: index, as: UInt64.self) }
  }

  /// A frame's header at the beginning of the lane, published up to `tail`.
  func publish(bytes: UInt32, type: MessageType, tail: Int) {
    self[data: 0] = UInt64(bytes) | UInt64(type.rawValue) << 32
    self[position: LaneLayout.tail] = tail
  }
}

/// Ends held by nobody but the test, whose other parties may be said to live or to have died.
final class Custody: LaneCustody {
  private let held = Mutex<Set<LaneEnd>>([])

  var partiesCanDie: Bool { true }

  func take(_ end: LaneEnd) throws(TransportError) {
    guard held.withLock({ $0.insert(end).inserted }) else {
      throw TransportError(.inUse, "the test holds the \(end)")
    }
  }

  func release(_ end: LaneEnd) { held.withLock { _ = $0.remove(end) } }
  func isHeld(_ end: LaneEnd) -> Bool { held.withLock { $0.contains(end) } }
  func exclusively(_ body: () -> Void) { body() }
  func leave() { held.withLock { $0.removeAll() } }
}
