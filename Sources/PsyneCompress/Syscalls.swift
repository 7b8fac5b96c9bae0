internal import Glibc

enum Syscalls {
  static func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    // It fails for clocks that do not exist alone.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  enum ReadError: Error {
    /// The system's error number.
    case system(Int32)
    case notRegular
    /// It has more bytes than were asked for.
    case tooLong

    var number: Int32? {
      if case .system(let number) = self { number } else { nil }
    }
  }

  /// The bytes of a regular file, of which there may be `limit`.
  static func read(_ path: String, limit: Int) throws(ReadError) -> [UInt8] {
    // A pipe would otherwise be waited for.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(errno) }
    defer { close(descriptor) }
    var about = stat()
    guard unsafe fstat(descriptor, &about) == 0 else { throw .system(errno) }
    guard about.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
    // One more, to see that there are no more: the size may have changed since it was asked for.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno) }
      guard count > 0 else { break }
      filled += count
    }
    guard filled <= limit else { throw .tooLong }
    return Array(bytes.prefix(filled))
  }
}
