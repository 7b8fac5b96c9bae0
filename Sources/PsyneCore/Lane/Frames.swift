internal import Synchronization

/// The frames of a lane as a format lays them out, for slow paths that know no type.
struct Frames {
  private let lane: LaneMemory
  /// Bytes of each frame, if all have the same; else 0.
  private let stride: Int
  private let unit: Int

  init(of lane: LaneMemory, _ format: MessageFormat) {
    self.lane = lane
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
    let header = unsafe UInt64(
      littleEndian: lane.bytes(at: position).assumingMemoryBound(to: Atomic<UInt64>.self).pointee
        .load(ordering: .relaxed))
    let bytes = Int(header & 0xffff_ffff)
    let next = position + (unit + bytes + unit - 1) & ~(unit - 1)
    return next <= end ? next : nil
  }
}
