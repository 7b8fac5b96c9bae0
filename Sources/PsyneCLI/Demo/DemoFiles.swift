internal import Glibc

/// Real files to stream.
struct DemoFiles {
  struct File {
    let path: String
    let bytes: Int
  }

  /// As much as shows what a steady stream does.
  static let enough = 256 << 20

  let files: [File]

  var paths: [String] { files.map(\.path) }
  var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  /// What the user named.
  init(named paths: [String]) throws {
    files = try paths.map { path in
      let input = try InputStream.open(path)
      guard path != "-", let bytes = input.byteCount else {
        throw Failure(.noInput, "\(input.name) is no regular file, and the demo reads it twice")
      }
      return File(path: path, bytes: bytes)
    }
  }

  /// The largest files beside the `swift` in PATH, and under /usr/lib if those do not suffice.
  static func found() async throws -> DemoFiles {
    var chosen: [File] = []
    for directory in [toolchain(), "/usr/lib", "/usr"].compactMap({ $0 }) {
      let known = Set(chosen.map(\.path))
      for file in try await largest(in: directory) where !known.contains(file.path) {
        chosen.append(file)
        if chosen.reduce(0, { $0 + $1.bytes }) >= enough { return DemoFiles(files: chosen) }
      }
    }
    throw Failure(
      .noInput, "no \(Format.bytes(enough)) of files were found; name some: psyne demo FILE...")
  }

  private init(files: [File]) { self.files = files }

  /// The folder of the `swift` that the shell would start.
  private static func toolchain() -> String? {
    guard let path = unsafe getenv("PATH") else { return nil }
    for folder in unsafe String(cString: path).split(separator: ":") {
      guard let real = unsafe realpath("\(folder)/swift", nil) else { continue }
      defer { unsafe free(real) }
      let program = unsafe String(cString: real)
      return String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])
    }
    return nil
  }

  /// Regular files from 256 KiB, the largest first, each once whatever its names.
  private static func largest(in directory: String) async throws -> [File] {
    // It fails for a folder that it may not read; what it printed is good all the same.
    let script =
      #"find "$1" -xdev -type f -size +255k -readable -printf '%s %i %p\0' 2>/dev/null || :"#
    let text = try await Child.output(of: "sh", ["-c", script, "sh", directory])
    var inodes: Set<Substring> = []
    let files = text.split(separator: "\0").compactMap { line -> File? in
      let fields = line.split(separator: " ", maxSplits: 2)
      // U+FFFD: the name is not UTF-8.
      guard fields.count == 3, let bytes = Int(fields[0]), !line.contains("\u{fffd}"),
        inodes.insert(fields[1]).inserted
      else { return nil }
      return File(path: String(fields[2]), bytes: bytes)
    }
    return files.sorted { ($0.bytes, $1.path) > ($1.bytes, $0.path) }
  }
}
