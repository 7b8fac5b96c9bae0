internal import PsyneCore
internal import PsyneIPC

/// The bytes of a segment, written by hand from the documented layout, to be broken at will.
public struct SegmentImage: Sendable {
  public private(set) var bytes: [UInt8]
  public let capacity: Int
  private var tail = 0

  /// A segment for `Bytes` that nobody has open, with nothing in it.
  public init(capacity: Int) {
    self.capacity = capacity
    bytes = Self.header(capacity: capacity)
    bytes += [UInt8](
      repeating: 0, count: SegmentLayout.fileBytes(capacity: capacity) - bytes.count)
  }

  /// The first page of a segment for `Bytes`.
  public static func header(capacity: Int) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.put(SegmentLayout.magicNumber, at: SegmentLayout.magic)
    page.put(SegmentLayout.version, at: SegmentLayout.layoutVersion)
    page.put(SegmentLayout.singleSenderAndReceiver, at: SegmentLayout.kind)
    page.put(UInt64(SegmentLayout.fileBytes(capacity: capacity)), at: SegmentLayout.fileBytes)
    page.put(UInt64(capacity), at: SegmentLayout.capacity)
    page.put(UInt32(1), at: SegmentLayout.laneCount)
    page.put(UInt32(10), at: SegmentLayout.type)
    page.put(UInt32(1), at: SegmentLayout.elementSize)
    page.put(UInt32(1), at: SegmentLayout.elementAlignment)
    return page
  }

  public mutating func put<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    bytes.put(word, at: offset)
  }

  /// Into the header of the lane.
  public mutating func put<Word: FixedWidthInteger>(_ word: Word, inLane offset: Int) {
    bytes.put(word, at: SegmentLayout.laneHeader + offset)
  }

  /// Appends a message, as a sender would.
  public mutating func send(_ payload: [UInt8], length: UInt32? = nil, type: UInt32 = 10) {
    let start = SegmentLayout.laneData + tail
    bytes.put(length ?? UInt32(payload.count), at: start)
    bytes.put(type, at: start + 4)
    bytes.replaceSubrange(start + 8..<start + 8 + payload.count, with: payload)
    tail += (8 + payload.count + 7) & ~7
    put(Int64(tail), inLane: LaneLayout.tail)
  }

  /// Overwrites `count` bytes from `offset` with random ones.
  public mutating func scramble(_ range: Range<Int>, with random: inout SeededGenerator) {
    for index in range { bytes[index] = UInt8.random(in: 0...255, using: &random) }
  }

  public mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }
  public mutating func extend(by count: Int) { bytes += [UInt8](repeating: 0, count: count) }
}

extension [UInt8] {
  fileprivate mutating func put<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    for index in 0..<MemoryLayout<Word>.size {
      self[offset + index] = UInt8(truncatingIfNeeded: word >> (8 * index))
    }
  }
}
