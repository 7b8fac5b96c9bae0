internal import Glibc
internal import SystemPackage

/// The streams that people read and write.
enum Console {
  static let input = Console.Stream(.standardInput)
  static let error = Console.Stream(.standardError)
  static let output = Console.Stream(.standardOutput)

  /// Ends a progress line first, if there is one.
  static func complain(_ message: String) {
    Progress.endLine()
    error.write("\(error.red)psyne:\(error.plain) \(message)\n")
  }

  /// What is good to know, and no failure.
  static func tell(_ message: String) {
    Progress.endLine()
    error.write("\(error.dim)psyne:\(error.plain) \(message)\n")
  }

  struct Stream: Sendable {
    private let descriptor: FileDescriptor
    let isTerminal: Bool
    /// Whether to use colours: https://no-color.org
    let isColored: Bool

    init(_ descriptor: FileDescriptor) {
      self.descriptor = descriptor
      isTerminal = isatty(descriptor.rawValue) == 1
      let isWanted = Self.environment("NO_COLOR").isEmpty && Self.environment("TERM") != "dumb"
      isColored = isTerminal && isWanted
    }

    /// Writes at once, without a buffer: child processes write to the same streams.
    func write(_ text: String) {
      var text = text
      // Nobody is left to be told of a failure.
      _ = text.withUTF8 { utf8 in try? unsafe descriptor.writeAll(UnsafeRawBufferPointer(utf8)) }
    }

    /// Whether the terminal shows more than ASCII.
    var hasUnicode: Bool {
      let names = ["LC_ALL", "LC_CTYPE", "LANG"]
      let locale = names.map(Self.environment).first { !$0.isEmpty } ?? ""
      return locale.uppercased().contains("UTF")
    }

    var bold: String { code("1") }
    var dim: String { code("2") }
    var red: String { code("31") }
    var green: String { code("32") }
    var cyan: String { code("36") }
    var plain: String { code("0") }

    /// A word that tells of success.
    func good(_ text: String) -> String {
      "\(green)\(hasUnicode ? "✔" : "ok,") \(text)\(plain)"
    }

    private func code(_ number: String) -> String { isColored ? "\u{1b}[\(number)m" : "" }

    private static func environment(_ name: String) -> String {
      guard let value = unsafe getenv(name) else { return "" }
      return unsafe String(cString: value)
    }
  }
}
