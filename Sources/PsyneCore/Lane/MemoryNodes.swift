internal import Glibc

/// The memory nodes of this machine.
enum MemoryNodes {
  private static let listed = read("/sys/devices/system/node/has_memory")

  /// In ascending order; 0 alone where the kernel knows none.
  static let all = listed.isEmpty ? [0] : listed

  /// Whether the kernel has any.
  static var areKnown: Bool { !listed.isEmpty }

  /// A list as "0-1,3"; nothing where the file or its content is none.
  private static func read(_ path: String) -> [Int] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(file, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix(max(0, count)).prefix { $0 != 0x0a }, as: UTF8.self)
    return text.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1024 else {
        return []
      }
      return Array(first...last)
    }
  }
}
