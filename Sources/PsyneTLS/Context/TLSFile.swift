internal import Glibc
internal import PsyneCore

/// What tells whether a file was changed or replaced since it was read.
struct FileStamp: Hashable, Sendable {
  let device: UInt
  let inode: UInt
  let bytes: Int
  let seconds: Int
  let nanoseconds: Int

  private init(_ status: stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    bytes = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }

  /// Nil for a file that is not there.
  init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Nil for what is no regular file.
  init?(descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    self.init(status)
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

/// A file that an option names.
struct TLSFile: Sendable {
  let option: String
  let path: String

  /// An error about it.
  func failure(
    _ what: String, _ code: TransportError.Code = .invalidOption, errno: Int32? = nil
  ) -> TransportError {
    TransportError(code, "\(option) '\(path.printable)' \(what)", errno: errno)
  }

  /// What is in it. Blocks for as long as the disk does.
  func read(limit: Int) throws(TransportError) -> [UInt8] {
    // A pipe would be waited for.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(Glibc.errno) }
    defer { Glibc.close(descriptor) }
    guard let stamp = FileStamp(descriptor: descriptor) else {
      throw failure("is no regular file: name the file itself")
    }
    guard stamp.bytes <= limit else {
      throw failure(
        "has \(stamp.bytes) bytes, and at most \(limit) are read: is it the right file?")
    }
    // One more than there should be, to notice that it grows.
    var bytes = [UInt8](repeating: 0, count: stamp.bytes + 1)
    var count = 0
    while count < bytes.count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if got < 0 {
        if Glibc.errno == EINTR { continue }
        throw unreadable(Glibc.errno)
      }
      guard got > 0 else { break }
      count += got
    }
    guard count == stamp.bytes else { throw failure("is being written: try again") }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private func unreadable(_ number: Int32) -> TransportError {
    let code: TransportError.Code
    let advice: String
    switch number {
    case ENOENT, ENOTDIR: (code, advice) = (.notFound, "check the path")
    case EACCES, EPERM:
      (code, advice) = (.permissionDenied, "let the user of this process read it")
    default: (code, advice) = (.system, "see that it can be read")
    }
    return failure(
      "cannot be read: \(Errno.text(number))\(Errno.advice(number)); \(advice)", code, errno: number
    )
  }

  /// The file, or the files in it if it is a directory, in the order of their names.
  func files() throws(TransportError) -> [TLSFile] {
    guard FileStamp.isDirectory(path) else { return [self] }
    guard let directory = unsafe opendir(path) else { throw unreadable(Glibc.errno) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix("."), !FileStamp.isDirectory("\(path)/\(name)") { names.append(name) }
    }
    return names.sorted().map { TLSFile(option: option, path: "\(path)/\($0)") }
  }
}
