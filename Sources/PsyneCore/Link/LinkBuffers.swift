/// What is to be sent before bytes of the lane: a hello, or a block's header.
@safe
struct Output: ~Copyable {
  private let storage: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  /// Bytes of the lane that follow.
  var bodyLeft = 0
  /// Nothing follows.
  var endsLink = false

  init() {
    unsafe storage = .allocate(byteCount: Self.bytes, alignment: 8)
  }

  deinit { unsafe storage.deallocate() }

  /// A hello, and an error behind it.
  private static var bytes: Int { Hello.bytes + Block.bytes + 4 + LinkError.maximumBytes }

  var hasBytes: Bool { start < end || bodyLeft > 0 }
  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: storage[start..<end])
  }

  mutating func clear() { (start, end, bodyLeft, endsLink) = (0, 0, 0, false) }

  mutating func put(_ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    if start == end { (start, end) = (0, 0) }
    unsafe fill(UnsafeMutableRawBufferPointer(rebasing: storage[end..<end + count]))
    end += count
  }

  /// So many bytes were sent. Returns how many of them were the lane's.
  mutating func take(_ count: Int) -> Int {
    let ofHead = min(count, end - start)
    start += ofHead
    bodyLeft -= count - ofHead
    return count - ofHead
  }
}

/// What has come and is not dealt with yet: what cannot go straight into a lane.
@safe
struct Staging: ~Copyable {
  private let storage: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  /// Enough that small blocks come many at a time; what is copied out of it costs nothing.
  static var bytes: Int { 4096 }

  init() { unsafe storage = .allocate(byteCount: Self.bytes, alignment: 8) }

  deinit { unsafe storage.deallocate() }

  mutating func clear() { (start, end) = (0, 0) }

  var room: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: storage[end...])
  }

  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: storage[start..<end])
  }

  mutating func add(_ count: Int) { end += count }

  mutating func take(upTo count: Int) -> UnsafeRawBufferPointer {
    let taken = unsafe UnsafeRawBufferPointer(
      rebasing: storage[start..<start + min(count, end - start)])
    start += taken.count
    return unsafe taken
  }

  mutating func take(exactly count: Int) -> UnsafeRawBufferPointer? {
    guard end - start >= count else { return nil }
    return unsafe take(upTo: count)
  }

  /// Moves what is left to the front.
  mutating func settle() {
    if start > 0, end > start {
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
    }
    (start, end) = (0, end - start)
  }
}
