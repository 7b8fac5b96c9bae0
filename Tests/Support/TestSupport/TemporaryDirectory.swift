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
  public var names: [String] { (try? listDirectory(path)) ?? [] }

  /// The names of the segments in it.
  public var segments: [String] { names.filter { $0.hasPrefix("psyne.") } }
}

public struct SystemCallError: Error, CustomStringConvertible {
  public let description: String

  public init(_ call: String) {
    description = unsafe "\(call): \(String(cString: strerror(errno)))"
  }
}
