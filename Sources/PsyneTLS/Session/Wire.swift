internal import COpenSSL
internal import PsyneCore

/// The encrypted bytes between a session and its socket, in memory that only the session uses.
@safe
final class Wire {
  /// What OpenSSL's BIO works on.
  let pointer: UnsafeMutablePointer<copenssl_wire>

  /// Four records of the longest kind, so that one system call brings several.
  private static let inBytes = 64 << 10
  /// Sixteen records, and what little may have to be said between them.
  private static let outBytes = 272 << 10

  init() {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: copenssl_wire())
  }

  deinit {
    unsafe pointer.pointee.in?.deallocate()
    unsafe pointer.pointee.out?.deallocate()
    unsafe pointer.deallocate()
  }

  /// Has the memory there for what leaves. Pages that nothing was written to are none yet.
  func fill() {
    guard unsafe pointer.pointee.out == nil else { return }
    unsafe pointer.pointee.out = .allocate(capacity: Self.outBytes)
    unsafe pointer.pointee.out_size = Self.outBytes
  }

  /// Gives back what holds nothing.
  func drain() {
    if unreadBytes == 0, let memory = unsafe pointer.pointee.in {
      unsafe memory.deallocate()
      unsafe pointer.pointee.in = nil
      unsafe (pointer.pointee.in_begin, pointer.pointee.in_end, pointer.pointee.in_size) = (0, 0, 0)
    }
    if pendingBytes == 0, let memory = unsafe pointer.pointee.out {
      unsafe memory.deallocate()
      unsafe pointer.pointee.out = nil
      unsafe (pointer.pointee.out_begin, pointer.pointee.out_end, pointer.pointee.out_size) =
        (0, 0, 0)
    }
  }

  // MARK: What comes

  var unreadBytes: Int { unsafe pointer.pointee.in_end - pointer.pointee.in_begin }

  /// Where the next bytes from the socket go; empty if there is no room.
  var room: UnsafeMutableRawBufferPointer {
    if unsafe pointer.pointee.in == nil {
      unsafe pointer.pointee.in = .allocate(capacity: Self.inBytes)
      unsafe pointer.pointee.in_size = Self.inBytes
    }
    let unread = unreadBytes
    if unread == 0 {
      unsafe (pointer.pointee.in_begin, pointer.pointee.in_end) = (0, 0)
    } else if unsafe pointer.pointee.in_begin >= Self.inBytes / 2 {
      // What is left is no more than what was taken: the copy costs less than it.
      unsafe pointer.pointee.in?.update(
        from: pointer.pointee.in.advanced(by: pointer.pointee.in_begin), count: unread)
      unsafe (pointer.pointee.in_begin, pointer.pointee.in_end) = (0, unread)
    }
    let end = unsafe pointer.pointee.in_end
    return unsafe UnsafeMutableRawBufferPointer(
      start: pointer.pointee.in?.advanced(by: end), count: Self.inBytes - end)
  }

  private var inRoom: Int { unsafe pointer.pointee.in_size - pointer.pointee.in_end }

  func came(_ count: Int) {
    precondition(
      count >= 0 && count <= inRoom,
      "no more can have come than there was room for")
    unsafe pointer.pointee.in_end += count
  }

  /// Set when nothing more comes.
  var hasEnded = false

  /// Has the library see nothing more of what comes, whatever it is about to do.
  func stop() { unsafe pointer.pointee.in_stopped = true }

  // MARK: What leaves

  var pendingBytes: Int { unsafe pointer.pointee.out_end - pointer.pointee.out_begin }

  var pending: UnsafeRawBufferPointer {
    let begin = unsafe pointer.pointee.out_begin
    return unsafe UnsafeRawBufferPointer(
      start: pointer.pointee.out?.advanced(by: begin), count: pendingBytes)
  }

  /// For how many more encrypted bytes there is room.
  var outRoom: Int { unsafe copenssl_wire_room(pointer) }

  func sent(_ count: Int) {
    precondition((0...pendingBytes).contains(count), "no more can have left than was there")
    unsafe pointer.pointee.out_begin += count
    if pendingBytes == 0 { unsafe (pointer.pointee.out_begin, pointer.pointee.out_end) = (0, 0) }
  }
}

extension Wire {
  /// The library's description of this kind of BIO; nil without memory.
  nonisolated(unsafe) static let method: OpaquePointer? = unsafe copenssl_wire_method()
}
