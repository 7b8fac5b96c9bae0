internal import CPsyne
internal import Glibc
internal import PsyneCore

/// A system call's error number.
struct SystemError: Error {
  let number: Int32

  /// Of the call that has just failed.
  init() { number = errno }

  var text: String { Errno.text(number) }
}

/// An open file, closed when it goes. One function a system call.
///
/// A child made by `fork` does not have it: there, its number may be another file's, its locks are
/// somebody else's, and none of its functions does anything.
struct File: ~Copyable {
  let descriptor: Int32
  /// Tells the process that has opened it from its children.
  private let generation = cpsyne_fork_generation()

  deinit { cpsyne_close(descriptor, generation) }

  /// False in a child.
  var isOurs: Bool { cpsyne_fork_generation() == generation }

  /// An unnamed file in `directory`. ENOENT, EACCES, ENOSPC, EOPNOTSUPP and EMFILE can occur.
  static func unnamed(in directory: String, permissions: UInt32) throws(SystemError) -> File {
    let descriptor = unsafe cpsyne_open_unnamed(directory, permissions)
    guard descriptor >= 0 else { throw SystemError() }
    let file = File(descriptor: descriptor)
    // Again, because the umask has taken away from it.
    guard fchmod(descriptor, permissions) == 0 else { throw SystemError() }
    return file
  }

  /// The file at `path`, which must exist and be no symbolic link. ENOENT, ELOOP, EACCES, ENXIO (a
  /// socket), EISDIR and EMFILE can occur.
  static func existing(at path: String) throws(SystemError) -> File {
    let descriptor = unsafe cpsyne_open_existing(path)
    guard descriptor >= 0 else { throw SystemError() }
    return File(descriptor: descriptor)
  }

  /// The same, to look at only: it holds no lock, and closing it is no news to anybody.
  static func toRead(at path: String) throws(SystemError) -> File {
    let descriptor = unsafe cpsyne_open_to_read(path)
    guard descriptor >= 0 else { throw SystemError() }
    return File(descriptor: descriptor)
  }

  /// Gives an unnamed file its name. EEXIST, ENOENT (no /proc) and ENOSPC can occur.
  func link(to path: String) throws(SystemError) {
    guard unsafe cpsyne_link_unnamed(descriptor, path) == 0 else { throw SystemError() }
  }

  /// Reserves `bytes`, so that no access to them can fail later. ENOSPC and EFBIG can occur.
  func reserve(bytes: Int, at offset: Int = 0) throws(SystemError) {
    try checkLimit(offset + bytes)
    while true {
      // Returns its error instead of setting errno.
      let number = posix_fallocate(descriptor, offset, bytes)
      if number == 0 { return }
      guard number == EINTR else { throw SystemError(number: number) }
    }
  }

  /// Beyond the limit of `ulimit -f`, the system would end the process by a signal.
  private func checkLimit(_ bytes: Int) throws(SystemError) {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
      bytes > limit.rlim_cur
    else { return }
    throw SystemError(number: EFBIG)
  }

  /// Sets the length; what is added reads as zero and has no memory behind it. EFBIG can occur.
  func resize(to bytes: Int) throws(SystemError) {
    try checkLimit(bytes)
    guard ftruncate(descriptor, bytes) == 0 else { throw SystemError() }
  }

  /// Runs `body` with another descriptor of the file, to be mapped: a mapping keeps what it was made
  /// from open, with its locks, in a child made by `fork` too. This one has no locks.
  func withMappable<Result: ~Copyable>(
    _ body: (Int32) throws(TransportError) -> Result
  ) throws(TransportError) -> Result {
    let mappable = cpsyne_open_again(descriptor)
    guard mappable >= 0 else {
      let error = SystemError()
      throw TransportError(
        .system, "cannot open a channel's file again: \(error.text)\(Errno.advice(error.number))",
        errno: error.number)
    }
    defer { close(mappable) }
    return try body(mappable)
  }

  /// Gives it to a user and a group. EPERM can occur; EINVAL, where a container has no such user.
  func setOwner(_ user: UInt32, _ group: UInt32) throws(SystemError) {
    guard fchown(descriptor, user, group) == 0 else { throw SystemError() }
  }

  func status() throws(SystemError) -> FileStatus {
    var raw = stat()
    guard unsafe fstat(descriptor, &raw) == 0 else { throw SystemError() }
    return FileStatus(raw)
  }

  /// Writes at `offset` of the file; tmpfs writes all or fails.
  func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    guard isOurs else { throw SystemError(number: EBADF) }
    guard unsafe pwrite(descriptor, bytes, bytes.count, offset) == bytes.count else {
      throw SystemError()
    }
  }

  /// Reads up to `count` bytes at `offset`.
  func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    guard isOurs else { throw SystemError(number: EBADF) }
    var length = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      length = unsafe pread(descriptor, buffer.baseAddress, count, offset)
      initialized = max(0, length)
    }
    guard length >= 0 else { throw SystemError() }
    return bytes
  }
}

extension SystemError {
  init(number: Int32) { self.number = number }
}

struct FileStatus {
  let format: UInt32
  let owner: UInt32
  let group: UInt32
  let permissions: UInt32
  let links: Int
  let bytes: Int
  /// Bytes that have memory behind them; fewer than ``bytes`` in a file with holes.
  let reservedBytes: Int
  let inode: UInt64
  let device: UInt64

  init(_ raw: stat) {
    format = raw.st_mode & S_IFMT
    owner = raw.st_uid
    group = raw.st_gid
    permissions = raw.st_mode & 0o7777
    links = Int(raw.st_nlink)
    bytes = raw.st_size
    reservedBytes = raw.st_blocks * 512
    inode = UInt64(raw.st_ino)
    device = UInt64(raw.st_dev)
  }

  /// Of what the path names now, following no symbolic link; nil if it names nothing.
  static func of(_ path: String) -> FileStatus? {
    var raw = stat()
    return unsafe lstat(path, &raw) == 0 ? FileStatus(raw) : nil
  }

  var isRegular: Bool { format == S_IFREG }

  func isSameFile(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device
  }
}

// MARK: Locks

extension File {
  /// Takes the lock at `offset` if nobody else has it.
  func tryLock(_ offset: Int64) -> Bool {
    isOurs && cpsyne_ofd_lock(descriptor, offset, 1, false) == 0
  }

  func unlock(_ offset: Int64) {
    if isOurs { _ = cpsyne_ofd_unlock(descriptor, offset, 1) }
  }

  /// Whether somebody else holds a lock in the range.
  func isLockedElsewhere(_ offset: Int64, count: Int = 1) -> Bool {
    // An error cannot occur on an open file; if it did, the holder would count as alive.
    !isOurs || cpsyne_ofd_is_locked(descriptor, offset, Int64(count)) != 0
  }
}

/// This process, as others name it in their messages.
enum ThisProcess {
  /// Asked for each time: a child made by `fork` has its own.
  static var identifier: UInt32 { UInt32(getpid()) }
  static var effectiveUser: UInt32 { geteuid() }
  static var effectiveGroup: UInt32 { getegid() }

  /// The command's name, at most 15 bytes.
  static let name: String = {
    guard let file = try? File.existing(at: "/proc/self/comm"),
      let bytes = try? file.read(16, at: 0)
    else { return "unknown" }
    return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
  }()
}
