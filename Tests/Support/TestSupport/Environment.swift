internal import Glibc

/// The value of an environment variable.
public func environment(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// Whether this process may act as other users.
public var isRoot: Bool { geteuid() == 0 }

/// The directory of the running program, where its test peer lies too.
public let programDirectory: String = {
  var buffer = [CChar](repeating: 0, count: 4096)
  let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
  let path = String(
    decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
    separator: "/")
}()
