internal import Glibc

/// What the figures were measured on.
enum Machine {
  static var description: String {
    let model =
      lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last.map { $0.drop { $0 == " " } } ?? "unknown CPU"
    let system =
      lines("/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }?
      .dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } ?? "unknown system"
    let kernel = lines("/proc/sys/kernel/osrelease").first ?? "unknown kernel"
    return "\(model), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) CPUs; Linux \(kernel); \(system)"
  }

  private static func lines(_ path: String) -> [Substring] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16384)
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
  }
}
