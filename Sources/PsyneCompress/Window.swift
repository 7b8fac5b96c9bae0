internal import Glibc

/// What was sent or received last, as far as LZ4 can refer to it, with room for a block behind: it works
/// fastest where a block lies right behind its history.
///
/// Safe because nobody but this module's LZ4 calls sees the memory, whose places are checked here.
@safe
struct Window: ~Copyable {
  /// How far back LZ4 can refer.
  static let historyBytes = 64 << 10
  /// The longest block.
  static let blockBytes = 64 << 10
  /// Of the whole. The history is moved to its beginning once in two blocks or more.
  static let bytes = historyBytes + 2 * blockBytes

  private let memory: UnsafeMutablePointer<UInt8>
  /// Bytes in it, of which the last are history.
  private(set) var end = 0

  /// Its pages come into being when they are written.
  init() {
    guard let memory = unsafe calloc(Self.bytes, 1) else {
      fatalError("there is no memory for a compressor")
    }
    unsafe self.memory = memory.bindMemory(to: UInt8.self, capacity: Self.bytes)
  }

  deinit { unsafe free(memory) }

  var history: Int { min(end, Self.historyBytes) }
  /// Where the history begins.
  var start: UnsafeMutablePointer<UInt8> { unsafe memory + (end - history) }
  /// Where the next block begins. There is room for what ``move(keeping:)`` has made room for.
  var next: UnsafeMutablePointer<UInt8> { unsafe memory + end }
  var base: UnsafeMutablePointer<UInt8> { unsafe memory }

  func hasRoom(for count: Int) -> Bool { end + count <= Self.bytes }

  /// Moves the last `count` bytes of the history to the beginning. The rest is forgotten.
  mutating func move(keeping count: Int) {
    let kept = min(count, history)
    unsafe memmove(memory, memory + (end - kept), kept)
    end = kept
  }

  /// LZ4 has moved the whole history to the beginning.
  mutating func wasMoved() { end = history }

  /// Writes a block behind the history, of which it becomes part only when ``take(_:)`` is called.
  func place(_ block: Span<UInt8>, _ order: ByteOrder) {
    precondition(hasRoom(for: block.count))
    unsafe block.withUnsafeBufferPointer { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe order.arrange(source, into: next, count: bytes.count)
    }
  }

  /// Copies what lies in some order behind the history.
  func restore(into block: inout MutableSpan<UInt8>, _ order: ByteOrder) {
    precondition(hasRoom(for: block.count))
    unsafe block.withUnsafeMutableBufferPointer { bytes in
      guard let target = bytes.baseAddress else { return }
      unsafe order.restore(next, into: target, count: bytes.count)
    }
  }

  /// The next `count` bytes are history now.
  mutating func take(_ count: Int) {
    precondition(hasRoom(for: count))
    end += count
  }

  /// Adds a block as it is, of which LZ4 sees nothing.
  mutating func append(_ block: Span<UInt8>) {
    if !hasRoom(for: block.count) {
      // What this block puts out of reach need not be moved.
      move(keeping: max(0, Self.historyBytes - block.count))
    }
    place(block, .plain)
    take(block.count)
  }
}
