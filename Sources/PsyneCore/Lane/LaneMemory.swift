public import Synchronization

/// The mapped memory of one lane: its header, and its data mapped twice back to back, so that a
/// frame that begins anywhere in the first mapping is contiguous.
///
/// - Safety: whoever makes one promises that `header` has ``LaneLayout/headerBytes`` bytes and `data`
///   has `2 * capacity`, both mapped for as long as the value is in use; `capacity` is a power of two.
///   Nothing read through it is trusted: a peer may write anything at any time.
@frozen
@safe
public struct LaneMemory: @unchecked Sendable {
  // Unchecked: a value of constant pointers; what they point at is atomics, and data whose two
  // writers are kept apart by the positions.
  @usableFromInline let header: UnsafeMutableRawPointer
  @usableFromInline let data: UnsafeMutableRawPointer
  /// Bytes the lane holds. This copy is the only one ever used: the shared one is not read again.
  public let capacity: Int

  @unsafe
  public init(header: UnsafeMutableRawPointer, data: UnsafeMutableRawPointer, capacity: Int) {
    unsafe self.header = header
    unsafe self.data = data
    self.capacity = capacity
  }

  @inlinable @_transparent
  func position(_ offset: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe (header + offset).assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable @_transparent
  func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    unsafe (header + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  @inlinable @_transparent
  func bytes(at position: Int) -> UnsafeMutableRawPointer {
    unsafe data + (position & (capacity &- 1))
  }
}
