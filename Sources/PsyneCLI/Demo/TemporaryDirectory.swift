internal import Glibc
internal import SystemPackage

/// A folder of our own, removed with the files in it, whatever ends the process.
struct TemporaryDirectory {
  let path: String
  private let files: [String]

  /// - Parameters:
  ///   - files: names of those that may be made in it.
  ///   - bytes: room for as much is needed.
  init(for files: String..., holding bytes: Int) throws {
    self.files = files
    let wanted = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
    let parents = [wanted, "/tmp", "/var/tmp", "."].compactMap { $0 }
    guard let parent = parents.first(where: { Self.room(in: $0) > bytes }) else {
      throw Failure(
        .cannotCreate,
        "no folder has room for \(Format.bytes(bytes)): tell one in the variable TMPDIR")
    }
    path = try Departure.guarding {
      var template = Array("\(parent)/psyne-demo-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&template) != nil else {
        throw Failure.file(
          .cannotCreate, "create a folder in", "'\(parent)'", SystemPackage.Errno(rawValue: errno))
      }
      return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    } cleanUp: {
      Self.remove($0, files)
    }
  }

  /// Path of a file in it.
  subscript(_ name: String) -> String { "\(path)/\(name)" }

  func remove() { Self.remove(path, files) }

  private static func remove(_ path: String, _ files: [String]) {
    for name in files { unsafe unlink("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  private static func room(in directory: String) -> Int {
    var status = statvfs()
    guard unsafe statvfs(directory, &status) == 0 else { return 0 }
    return Int(
      clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        .partialValue)
  }
}
