internal import Glibc
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

/// A living party of a segment that claims nothing and says nothing: it holds the lock of a slot.
public final class SilentParty: Sendable {
  private let descriptor: Int32

  public init(path: String) throws {
    descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(SegmentLayout.partyLocks + 63)
    lock.l_len = 1
    // F_OFD_SETLK, which the overlay does not import.
    guard unsafe fcntl(descriptor, 37, &lock) == 0 else { throw SystemCallError("fcntl \(path)") }
  }

  deinit { close(descriptor) }
}

/// A segment's file, mapped to be scribbled on while others use it.
@safe
public final class Scribbler: @unchecked Sendable {
  // Unchecked: constants.
  private let base: UnsafeMutableRawPointer
  public let count: Int

  public init(path: String) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemCallError("fstat \(path)") }
    count = status.st_size
    let mapped = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw SystemCallError("mmap \(path)")
    }
    unsafe base = mapped
  }

  deinit { unsafe munmap(base, count) }

  public func put<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<Word>.size <= count, "beyond the file")
    unsafe base.storeBytes(of: word, toByteOffset: offset, as: Word.self)
  }

  public func get<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Word {
    precondition(offset >= 0 && offset + MemoryLayout<Word>.size <= count, "beyond the file")
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: Word.self)
  }
}
