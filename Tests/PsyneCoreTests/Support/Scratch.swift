import CPsyne
import Glibc
import PsyneCore
import Synchronization

/// A channel whose memory the test can write to behind the library's back, as a hostile peer can.
@safe
final class Scratch: Transport, @unchecked Sendable {
  // Unchecked: the pointers are constants, and a race on what they point at is what is tested.
  let shape: ChannelShape
  private let mapping: ChannelMapping
  private let headers: UnsafeMutableRawPointer
  private let data: UnsafeMutableRawPointer
  /// The lanes, once a channel was opened on them: every open gives the same ones.
  private let lanes = Mutex<LaneSet?>(nil)

  /// - Parameter shape: nil is one sender and one receiver.
  init(_ shape: ChannelShape? = nil, capacity: Int = 4096) throws {
    let shape =
      shape ?? ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: capacity)
    self.shape = shape
    let descriptor = unsafe cpsyne_memfd_create("psyne-scratch")
    try Self.require(descriptor >= 0)
    defer { close(descriptor) }
    try Self.require(ftruncate(descriptor, shape.bytes) == 0)
    mapping = try ChannelMapping(
      descriptor: descriptor,
      place: ChannelMapping.Place(headers: 0, data: shape.headerBytes), shape: shape)
    let all = unsafe mmap(
      nil, shape.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let all = unsafe all, unsafe all != MAP_FAILED else { throw NoMemory() }
    unsafe headers = all
    unsafe data = all + shape.headerBytes
  }

  deinit { unsafe munmap(headers, shape.bytes) }

  var capacity: Int { shape.capacity }

  private struct NoMemory: Error {}

  private static func require(_ condition: Bool) throws {
    guard condition else { throw NoMemory() }
  }

  // MARK: Transport

  var scheme: String { "scratch" }
  var optionNames: [String] { [] }

  func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    lanes.withLock { lanes in
      if let lanes { return lanes }
      let new = LaneSet(mapping: mapping, format: format, custody: Custody())
      lanes = new
      return new
    }
  }

  /// A channel of one sender and one receiver on the lane as it lies there.
  func channel<Body: MessageBody>(of body: Body.Type = Body.self) throws -> SPSCChannel<Body> {
    try channel(SPSCChannel<Body>.self)
  }

  /// A channel on the lanes as they lie there.
  func channel<Opened: Channel>(_ channel: Opened.Type) throws -> Opened {
    lanes.withLock { $0 = nil }
    return try TransportRegistry([self]).open("scratch://lane", as: channel)
  }

  /// Whether a transport that finds the lanes could go on with them.
  func recovers(_ format: MessageFormat) -> Bool {
    LaneSet(mapping: mapping, format: format, custody: Custody()).recover()
  }

  // MARK: Scribbling

  /// As new.
  func reset() {
    unsafe headers.initializeMemory(as: UInt8.self, repeating: 0, count: shape.bytes)
  }

  /// A position in the header of the first lane.
  subscript(position offset: Int) -> Int {
    get { self[position: offset, lane: 0] }
    set { self[position: offset, lane: 0] = newValue }
  }

  subscript(position offset: Int, lane index: Int) -> Int {
    get { unsafe header(index).load(fromByteOffset: offset, as: Int.self) }
    set { unsafe header(index).storeBytes(of: newValue, toByteOffset: offset, as: Int.self) }
  }

  /// A word in the header of the first lane.
  subscript(word offset: Int) -> UInt32 {
    get { self[word: offset, lane: 0] }
    set { self[word: offset, lane: 0] = newValue }
  }

  subscript(word offset: Int, lane index: Int) -> UInt32 {
    get { unsafe header(index).load(fromByteOffset: offset, as: UInt32.self) }
    set { unsafe header(index).storeBytes(of: newValue, toByteOffset: offset, as: UInt32.self) }
  }

  /// A word in the slot of a receiver.
  subscript(word offset: Int, slot index: Int) -> UInt32 {
    get { unsafe headers.load(fromByteOffset: Self.slot(index) + offset, as: UInt32.self) }
    set {
      unsafe headers.storeBytes(
        of: newValue, toByteOffset: Self.slot(index) + offset, as: UInt32.self)
    }
  }

  /// The number of a broadcast's current term.
  var term: UInt64 {
    get { unsafe headers.load(fromByteOffset: ChannelLayout.term, as: UInt64.self) }
    set {
      unsafe headers.storeBytes(of: newValue, toByteOffset: ChannelLayout.term, as: UInt64.self)
    }
  }

  private func header(_ lane: Int) -> UnsafeMutableRawPointer {
    unsafe headers + ChannelLayout.headerBytes + lane * shape.laneHeaderBytes
  }

  private static func slot(_ index: Int) -> Int {
    ChannelLayout.slots + index * ChannelLayout.slotBytes
  }

  /// A word of the lanes' data.
  subscript(data index: Int) -> UInt64 {
    get { unsafe data.load(fromByteOffset: index, as: UInt64.self) }
    set { unsafe data.storeBytes(of: newValue, toByteOffset: index, as: UInt64.self) }
  }

  /// A frame's header at the beginning of the first lane, published up to `tail`.
  func publish(bytes: UInt32, type: MessageType, tail: Int) {
    self[data: 0] = UInt64(bytes) | UInt64(type.rawValue) << 32
    self[position: LaneLayout.tail] = tail
  }
}

extension LaneLayout {
  /// A word in the cursor of a receiver.
  static func cursor(_ slot: Int, _ offset: Int) -> Int {
    cursors + slot * CursorLayout.bytes + offset
  }

  /// Where the next receiver goes on, in a lane that one receiver reads.
  static var done: Int { cursor(0, CursorLayout.done) }
}

/// Ends held by nobody but the test, whose other parties may be said to live or to have died.
final class Custody: ChannelCustody {
  private let held = Mutex<Set<ChannelEnd>>([])

  var partiesCanDie: Bool { true }

  func take(_ end: ChannelEnd) -> Bool { held.withLock { $0.insert(end).inserted } }
  func release(_ end: ChannelEnd) { held.withLock { _ = $0.remove(end) } }
  func isHeld(_ end: ChannelEnd) -> Bool { held.withLock { $0.contains(end) } }
  func holder(of end: ChannelEnd) -> String { "the test" }
  func exclusively(_ body: () -> Void) { body() }
  func leave() { held.withLock { $0.removeAll() } }
}
