public import Synchronization

/// The mapped memory of one lane: its header, its channel's header, and its data mapped twice back to
/// back, so that a frame that begins anywhere in the first mapping is contiguous.
///
/// - Safety: whoever makes one promises that the headers are mapped as ``LaneLayout`` and
///   ``ChannelLayout`` say and that `data` has `2 * capacity` bytes, for as long as the value is in
///   use; `capacity` is a power of two. Nothing read through it is trusted: a peer may write anything
///   at any time.
@frozen
@safe
public struct LaneMemory: @unchecked Sendable {
  // Unchecked: a value of constant pointers; what they point at is atomics, and data whose two
  // writers are kept apart by the positions.
  @usableFromInline let header: UnsafeMutableRawPointer
  @usableFromInline let data: UnsafeMutableRawPointer
  /// Bytes the lane holds. This copy is the only one ever used: the shared one is not read again.
  public let capacity: Int
  /// The channel's header, in private memory. By a pointer, so that a lane is four words and stays in
  /// registers when it is handed to a function.
  @usableFromInline let hub: UnsafePointer<ChannelMemory>

  var channel: ChannelMemory { unsafe hub.pointee }

  @unsafe
  init(
    header: UnsafeMutableRawPointer, data: UnsafeMutableRawPointer, capacity: Int,
    hub: UnsafePointer<ChannelMemory>
  ) {
    unsafe self.header = header
    unsafe self.data = data
    self.capacity = capacity
    unsafe self.hub = hub
  }

  func isSame(as other: LaneMemory) -> Bool { unsafe header == other.header }

  /// Bytes from this lane's header to that of another one of the channel.
  func distance(to other: LaneMemory) -> Int { unsafe other.header - header }

  @inlinable @_transparent
  func position(_ offset: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe (header + offset).assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable @_transparent
  func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    unsafe (header + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  @inlinable @_transparent
  func long(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe (header + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  @inlinable @_transparent
  func bytes(at position: Int) -> UnsafeMutableRawPointer {
    unsafe data + (position & (capacity &- 1))
  }

  /// Offset of a word in the cursor of the receiver in `slot`.
  @inlinable @_transparent
  static func cursor(_ slot: Int, _ offset: Int) -> Int {
    LaneLayout.cursors &+ slot &* CursorLayout.bytes &+ offset
  }

  /// Adds to a counter that only its one writer changes: a load and a store, no locked instruction.
  func count(_ offset: Int, _ amount: Int = 1) {
    let counter = unsafe position(offset)
    let value = unsafe counter.pointee.load(ordering: .relaxed)
    unsafe counter.pointee.store(value &+ amount, ordering: .relaxed)
  }
}

/// The mapped memory of a channel's own header: what its receivers sleep on.
///
/// - Safety: as of ``LaneMemory``.
@frozen
@safe
public struct ChannelMemory: @unchecked Sendable {
  // Unchecked: as of `LaneMemory`.
  @usableFromInline let header: UnsafeMutableRawPointer
  /// The most receivers.
  @usableFromInline let consumers: Int
  /// Told of what happens on the channel; owned by its ``LaneSet``.
  private let bellReference: Unmanaged<LaneBell>?

  @unsafe
  init(header: UnsafeMutableRawPointer, consumers: Int, bell: LaneBell?) {
    unsafe self.header = header
    self.consumers = consumers
    unsafe bellReference = bell.map { unsafe Unmanaged.passUnretained($0) }
  }

  var bell: LaneBell? { unsafe bellReference?.takeUnretainedValue() }

  /// A word in the slot of a receiver.
  func word(_ slot: Int, _ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    unsafe (header + ChannelLayout.slots + slot * ChannelLayout.slotBytes + offset)
      .assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  func counter(_ slot: Int, _ offset: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe (header + ChannelLayout.slots + slot * ChannelLayout.slotBytes + offset)
      .assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// Number of a broadcast's current term.
  var term: UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe (header + ChannelLayout.term).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Adds to a counter that only the receiver in `slot` changes.
  func count(_ slot: Int, _ offset: Int, _ amount: Int = 1) {
    let counter = unsafe counter(slot, offset)
    let value = unsafe counter.pointee.load(ordering: .relaxed)
    unsafe counter.pointee.store(value &+ amount, ordering: .relaxed)
  }
}

extension ChannelMemory {
  /// Raises a mark that only the receiver in `slot` changes.
  func raise(_ slot: Int, _ offset: Int, to value: Int) {
    let mark = unsafe counter(slot, offset)
    if unsafe mark.pointee.load(ordering: .relaxed) < value {
      unsafe mark.pointee.store(value, ordering: .relaxed)
    }
  }
}
