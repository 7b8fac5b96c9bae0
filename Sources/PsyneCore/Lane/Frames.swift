internal import Synchronization

/// The frames of a lane as a format lays them out, for slow paths that know no type.
struct Frames {
  private let lane: LaneMemory
  /// Bytes of each frame, if all have the same; else 0.
  private let stride: Int
  private let unit: Int
  /// 0 for any.
  private let type: UInt32
  private let prefixBytes: Int
  private let elementSize: Int
  /// Of elements whose size is a power of two; else 0.
  private let elementMask: Int

  init(of lane: LaneMemory, _ format: MessageFormat) {
    self.lane = lane
    type = format.type == .mixed ? 0 : format.type.rawValue
    prefixBytes = format.prefixBytes
    elementSize = format.elementSize
    elementMask = elementSize & (elementSize - 1) == 0 ? elementSize - 1 : 0
    stride = format.isFixedSize ? format.elementSize : 0
    unit = format.positionUnit
  }

  /// The end of a run of frames from `start`: at least one, then as long as it has at most `count`
  /// frames and `bytes` bytes. Nil if a frame ends behind `end`. O(1) if all have the same size.
  func end(from start: Int, before end: Int, count: Int, bytes: Int) -> Int? {
    if stride > 0 {
      guard end - start >= stride else { return nil }
      return start + max(1, min(count, min(bytes, end - start) / stride)) * stride
    }
    var position = start
    for _ in 0..<count {
      guard position < end, let next = next(after: position, before: end) else { return nil }
      if position != start && next - start > bytes { break }
      position = next
      if position == end { break }
    }
    return position
  }

  /// How many frames begin in `range`; nil if they do not fit.
  func count(in range: Range<Int>, before end: Int) -> Int? {
    if stride > 0 { return (range.count + stride - 1) / stride }
    var (position, count) = (range.lowerBound, 0)
    while position < range.upperBound {
      guard let next = next(after: position, before: end) else { return nil }
      position = next
      count += 1
    }
    return count
  }

  private func next(after position: Int, before end: Int) -> Int? {
    let next = self.end(of: position, header(at: position))
    return next <= end ? next : nil
  }

  /// A frame's length and type, read once, since its sender may be a process that changes it.
  func header(at position: Int) -> UInt64 { word(at: position) }

  private func word(at position: Int) -> UInt64 {
    unsafe UInt64(
      littleEndian: lane.bytes(at: position).assumingMemoryBound(to: Atomic<UInt64>.self).pointee
        .load(ordering: .relaxed))
  }

  /// Where the frame at `position` ends.
  func end(of position: Int, _ header: UInt64) -> Int {
    Self.end(of: position, header, unit: unit)
  }

  static func end(of position: Int, _ header: UInt64, unit: Int) -> Int {
    position + (unit + Int(header & 0xffff_ffff) + unit - 1) & ~(unit - 1)
  }
}

// MARK: What cannot be a message

extension Frames {
  /// Whether every frame in `range` is one that a sender of the format writes.
  func areSound(in range: Range<Int>) -> Bool {
    if stride > 0 { return range.count % stride == 0 }
    var position = range.lowerBound
    while position < range.upperBound {
      let header = header(at: position)
      let end = end(of: position, header)
      guard end <= range.upperBound, isType(header), isSound(at: position, header) else {
        return false
      }
      position = end
    }
    return true
  }

  /// Whether a frame is of the format's type; of a mixed channel, of any that is one.
  func isType(_ header: UInt64) -> Bool {
    let found = UInt32(header >> 32)
    return type == 0 ? found != 0 : found == type
  }

  /// Whether the payload of a frame, which is there, is a whole number of elements, and its shape makes
  /// that number.
  func isSound(at position: Int, _ header: UInt64) -> Bool {
    let bytes = Int(header & 0xffff_ffff) - prefixBytes
    guard bytes >= 0 else { return false }
    // Divided in 32 bits, which takes half as long.
    let rest =
      elementMask > 0 || elementSize == 1
      ? bytes & elementMask
      : Int(UInt32(truncatingIfNeeded: bytes) % UInt32(truncatingIfNeeded: elementSize))
    guard rest == 0 else { return false }
    guard prefixBytes == 8 else { return true }
    let shape = word(at: position + unit)
    let count = UInt64(bytes / elementSize)
    return (shape & 0xffff_ffff).multipliedFullWidth(by: shape >> 32) == (0, count)
  }
}
