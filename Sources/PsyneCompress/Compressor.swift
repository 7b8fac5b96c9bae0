/// LZ4 with the history that its blocks refer to.
///
/// A block is compressed by ``compress(_:_:)``, as often as there are ways to try, and then becomes history
/// either in the order of the last try, or as it is. The decoder does the same with what it gets.
@safe
final class Compressor {
  private var window = Window()
  private var stream: LZ4Stream
  private let scratch: UnsafeMutableBufferPointer<CChar>
  /// Whether the stream knows the window's history.
  private var isInStep = false
  /// The order of a block that the stream has seen, and that is not history yet.
  private var tried: ByteOrder?

  /// - Parameter dictionary: what is history before the first block.
  init(_ level: LZ4Level, dictionary: [UInt8] = []) {
    stream = LZ4Stream(level)
    unsafe scratch = .allocate(capacity: LZ4Stream.bound(Window.blockBytes))
    window.append(dictionary.span)
  }

  deinit { unsafe scratch.deallocate() }

  /// Compresses at another level from the next block on. What was before is history as ever.
  func turn(to level: LZ4Level) {
    stream = LZ4Stream(level)
    isInStep = false
  }

  /// Compresses the next block. The bytes are for ``copy(_:to:at:)``.
  ///
  /// - Returns: how many they are, which can be more than before; 0 if it could not be done.
  func compress(_ block: Span<UInt8>, _ order: ByteOrder) -> Int {
    if tried != nil { isInStep = false }
    if !window.hasRoom(for: block.count) { makeRoom() }
    window.place(block, order)
    if !isInStep { stream.load(window) }
    let count = unsafe stream.compress(window, count: block.count, into: scratch)
    isInStep = count > 0
    tried = order
    return count
  }

  /// Copies `count` bytes of what ``compress(_:_:)`` has made.
  func copy(_ count: Int, to target: inout MutableSpan<UInt8>, at offset: Int) {
    unsafe precondition(count <= scratch.count && offset + count <= target.count)
    unsafe target.withUnsafeMutableBytes { bytes in
      let made = unsafe UnsafeRawBufferPointer(scratch).prefix(count)
      unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: made))
    }
  }

  /// The block of so many bytes that was compressed last is history, in the order that it was tried in last.
  func keep(_ count: Int) {
    window.take(count)
    tried = nil
  }

  /// The block is history as it is, whether it was tried or not.
  func keepPlain(_ block: Span<UInt8>) {
    if tried == .plain {
      window.take(block.count)
    } else {
      window.append(block)
      // Only here, and not for each block that is not tried: the stream learns all of them at once.
      isInStep = false
    }
    tried = nil
  }

  private func makeRoom() {
    if isInStep && stream.moveHistory(of: window) {
      window.wasMoved()
    } else {
      window.move(keeping: Window.historyBytes)
      isInStep = false
    }
  }
}
