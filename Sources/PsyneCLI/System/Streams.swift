internal import Glibc
internal import SystemPackage

/// A file that is read from its beginning to its end.
struct InputStream: ~Copyable {
  /// As it is named in messages.
  let name: String
  private let descriptor: FileDescriptor
  private let isOwned: Bool

  /// - Parameter path: `-` is standard input.
  static func open(_ path: String) throws(Failure) -> InputStream {
    guard path != "-" else {
      guard StandardStreams.canRead(.standardInput) else {
        throw Failure(.inputOutput, "standard input is closed: name a file, or give it something")
      }
      return InputStream(name: "standard input", descriptor: .standardInput, isOwned: false)
    }
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    } catch {
      throw .file(.noInput, "open", "'\(path)'", error)
    }
    let input = InputStream(name: "'\(path)'", descriptor: descriptor, isOwned: true)
    guard input.status?.isDirectory != true else {
      throw Failure(.noInput, "cannot read '\(path)': it is a directory; pack it with tar")
    }
    return input
  }

  private init(name: String, descriptor: FileDescriptor, isOwned: Bool) {
    self.name = name
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  deinit { if isOwned { try? descriptor.close() } }

  private var status: FileStatus? { FileStatus(descriptor) }

  /// Bytes of the file, or nil where nobody can know before it was read.
  var byteCount: Int? { status?.isRegular == true ? status?.bytes : nil }

  /// Reads what is there, at most the buffer's length, waiting for something; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    do {
      return try unsafe descriptor.read(into: buffer)
    } catch {
      throw .file(.inputOutput, "read", name, error)
    }
  }
}

/// A file that is written from its beginning to its end.
struct OutputStream: ~Copyable {
  /// As it is named in messages.
  let name: String
  private let descriptor: FileDescriptor
  private var isOwned: Bool

  /// The reader of a pipe that we write to has gone away.
  struct ReaderGone: Error {}

  static func standardOutput() throws(Failure) -> OutputStream {
    guard StandardStreams.canWrite(.standardOutput) else {
      throw Failure(.inputOutput, "standard output is closed: name a file (-o), or give it a place")
    }
    return OutputStream(name: "standard output", descriptor: .standardOutput, isOwned: false)
  }

  /// Creates or empties the file at `path`.
  static func file(_ path: String) throws(Failure) -> OutputStream {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
      return OutputStream(name: "'\(path)'", descriptor: descriptor, isOwned: true)
    } catch {
      throw .file(.cannotCreate, "create", "'\(path)'", error)
    }
  }

  private init(name: String, descriptor: FileDescriptor, isOwned: Bool) {
    self.name = name
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  deinit { if isOwned { try? descriptor.close() } }

  /// Writes all of it.
  ///
  /// - Throws: ``ReaderGone``, ``Failure``.
  func write(_ bytes: UnsafeRawBufferPointer) throws {
    do {
      // Writes again after a short write and after EINTR.
      _ = try unsafe descriptor.writeAll(bytes)
    } catch Errno.brokenPipe {
      throw ReaderGone()
    } catch {
      throw Failure.file(.inputOutput, "write to", name, error)
    }
  }

  /// Some file systems report only now that they could not store what was written.
  mutating func close() throws(Failure) {
    guard isOwned else { return }
    isOwned = false
    do { try descriptor.close() } catch { throw .file(.inputOutput, "write to", name, error) }
  }
}

/// What fstat says.
struct FileStatus {
  let format: mode_t
  let bytes: Int

  init?(_ descriptor: FileDescriptor) {
    var raw = stat()
    guard unsafe fstat(descriptor.rawValue, &raw) == 0 else { return nil }
    format = raw.st_mode & S_IFMT
    bytes = raw.st_size
  }

  var isRegular: Bool { format == S_IFREG }
  var isDirectory: Bool { format == S_IFDIR }
}
