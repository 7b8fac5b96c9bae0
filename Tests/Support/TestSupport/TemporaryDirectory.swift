internal import Glibc
internal import Synchronization

/// A directory of its own for one test, in shared memory; removed with all that is in it.
public final class TemporaryDirectory: Sendable {
  public let path: String
  private static let count = Atomic<Int>(0)

  public init() throws {
    let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    path = "/dev/shm/psyne-test.\(getpid()).\(number)"
    guard unsafe mkdir(path, 0o700) == 0 else { throw SystemCallError("mkdir \(path)") }
  }

  deinit {
    for name in names { unsafe remove("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  /// The names of what lies in it.
  public var names: [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The names of the segments in it.
  public var segments: [String] { names.filter { $0.hasPrefix("psyne.") } }
}

public struct SystemCallError: Error, CustomStringConvertible {
  public let description: String

  public init(_ call: String) {
    description = unsafe "\(call): \(String(cString: strerror(errno)))"
  }
}
