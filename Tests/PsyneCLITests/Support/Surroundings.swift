internal import Glibc
internal import SystemPackage
internal import Synchronization
internal import Testing

/// A channel's name that no other test has.
struct ChannelName: CustomStringConvertible {
  private static let counter = Atomic<Int>(0)

  let description: String

  init() {
    let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    description = "cli-test-\(getpid())-\(number)"
  }

  var segment: String { "/dev/shm/psyne.\(self)" }

  /// Whether the channel exists.
  var exists: Bool { unsafe access(segment, F_OK) == 0 }

  /// Whether a sender is at its end, or has died there: in the first lane's header. See
  /// docs/memory-layout.md.
  var hasSender: Bool { word(at: 16384 + 512) == 1 }

  /// Likewise a receiver: in the first slot of the channel's header.
  var hasReceiver: Bool { receivers > 0 }

  /// How many receivers are there, of a channel with at most eight.
  var receivers: Int { (0..<8).count { word(at: Int64(8192 + 128 + 128 * $0 + 4)) == 1 } }

  private func word(at offset: Int64) -> UInt8? {
    guard let file = try? FileDescriptor.open(FilePath(segment), .readOnly) else { return nil }
    defer { try? file.close() }
    var byte: UInt8 = 0
    let count = try? unsafe withUnsafeMutableBytes(of: &byte) {
      try unsafe file.read(fromAbsoluteOffset: offset, into: $0)
    }
    return count == 1 ? byte : nil
  }

  /// Nothing of it may be left. What is, is removed, so that one failure stays one.
  func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) {
    #expect(!exists, "\(segment) was left behind", sourceLocation: location)
    unsafe unlink(segment)
  }
}

/// A folder of the test's own, removed with the files in it.
final class Folder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/psyne-cli-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { fatalError("no folder can be made in /tmp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in names(in: path) where name != "." && name != ".." {
      unsafe unlink("\(path)/\(name)")
    }
    unsafe rmdir(path)
  }

  /// Path of a file in it.
  subscript(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
    let file = try FileDescriptor.open(
      FilePath(self[name]), .writeOnly, options: [.create, .truncate],
      permissions: .ownerReadWrite)
    defer { try? file.close() }
    try file.writeAll(Array(bytes))
    return self[name]
  }

  /// A file without a name, to be read from its beginning.
  static func unnamedFile(holding bytes: [UInt8]) throws -> FileDescriptor {
    var template = Array("/tmp/psyne-cli-test-XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw SystemPackage.Errno(rawValue: errno) }
    unsafe unlink(template)
    let file = FileDescriptor(rawValue: descriptor)
    try file.writeAll(bytes)
    try file.seek(offset: 0, from: .start)
    return file
  }

  func read(_ name: String) throws -> [UInt8] { try Self.read(self[name]) }

  static func read(_ path: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try unsafe piece.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }

  /// Bytes of the file, or 0 if there is none.
  func size(of name: String) -> Int {
    var status = stat()
    return unsafe stat(self[name], &status) == 0 ? Int(status.st_size) : 0
  }
}

/// Waits until something is so; fails if that takes absurdly long.
func eventually(
  _ what: String, _ location: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool
) async throws {
  let giveUp = ContinuousClock.now + .seconds(60)
  while try !isSo() {
    guard ContinuousClock.now < giveUp else {
      Issue.record("it never came to this: \(what)", sourceLocation: location)
      throw CancellationError()
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// What lies in a directory.
func names(in directory: String) -> [String] {
  guard let stream = unsafe opendir(directory) else { return [] }
  defer { unsafe closedir(stream) }
  var found: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    found.append(name)
  }
  return found
}
