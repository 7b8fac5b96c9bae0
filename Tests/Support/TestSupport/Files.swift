internal import Glibc

/// The whole text of a file of /proc.
public func readText(_ path: String) throws -> String {
  String(decoding: try readFile(path), as: UTF8.self)
}

public func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    guard count >= 0 else { throw SystemCallError("read \(path)") }
    guard count > 0 else { return bytes }
    bytes += buffer.prefix(count)
  }
}

/// Makes the file at `path` anew.
public func writeFile(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws {
  unsafe unlink(path)
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
  guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
  defer { close(descriptor) }
  guard unsafe write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0
  else { throw SystemCallError("write \(path)") }
}

public func listDirectory(_ path: String) throws -> [String] {
  guard let directory = unsafe opendir(path) else { throw SystemCallError("opendir \(path)") }
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
