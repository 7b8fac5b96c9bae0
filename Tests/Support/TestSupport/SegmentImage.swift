public import PsyneCore
internal import PsyneIPC

/// The bytes of a segment, written by hand from the documented layout, to be broken at will.
public struct SegmentImage: Sendable {
  public private(set) var bytes: [UInt8]
  public let shape: ChannelShape
  private var tail = 0

  /// A segment for `Bytes` that nobody has open, with nothing in it.
  public init(shape: ChannelShape) {
    self.shape = shape
    bytes = Self.header(shape: shape)
    bytes += [UInt8](
      repeating: 0, count: SegmentLayout.fileBytes(of: shape) - bytes.count)
  }

  /// One with one sender and one receiver.
  public init(capacity: Int) { self.init(shape: .single(capacity: capacity)) }

  /// The first page of a segment for `Bytes`.
  public static func header(shape: ChannelShape) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.put(SegmentLayout.magicNumber, at: SegmentLayout.magic)
    page.put(SegmentLayout.version, at: SegmentLayout.layoutVersion)
    page.put(shape.kind.rawValue, at: SegmentLayout.kind)
    page.put(UInt64(SegmentLayout.fileBytes(of: shape)), at: SegmentLayout.fileBytes)
    page.put(UInt64(shape.capacity), at: SegmentLayout.capacity)
    page.put(UInt32(shape.producers), at: SegmentLayout.producers)
    page.put(UInt32(shape.consumers), at: SegmentLayout.consumers)
    page.put(UInt64(SegmentLayout.data(of: shape)), at: SegmentLayout.dataOffset)
    page.put(UInt32(10), at: SegmentLayout.type)
    page.put(UInt32(1), at: SegmentLayout.elementSize)
    page.put(UInt32(1), at: SegmentLayout.elementAlignment)
    return page
  }

  public mutating func put<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    bytes.put(word, at: offset)
  }

  /// Into the header of the first lane.
  public mutating func put<Word: FixedWidthInteger>(_ word: Word, inLane offset: Int) {
    bytes.put(word, at: SegmentLayout.lane(0, of: shape) + offset)
  }

  /// Into the slot of the first receiver.
  public mutating func put<Word: FixedWidthInteger>(_ word: Word, inSlot offset: Int) {
    bytes.put(word, at: SegmentLayout.slot(0) + offset)
  }

  /// Where the data of the first lane begins.
  public var data: Int { SegmentLayout.data(of: shape) }

  /// Appends a message to the first lane, as a sender would.
  public mutating func send(_ payload: [UInt8], length: UInt32? = nil, type: UInt32 = 10) {
    let start = data + tail
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
