/// Who may use a channel between processes: permission bits, as of a file.
///
/// `0o600` is its owner alone, `0o660` its owner and a group. A party needs to read and to write; what
/// may be read alone can be watched.
public struct FileMode: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public init(integerLiteral value: UInt32) { rawValue = value }

  /// The owner alone.
  public static let ownerOnly: FileMode = 0o600

  /// Whether the group may do anything.
  public var includesGroup: Bool { rawValue & 0o070 != 0 }

  /// Whether a channel can have it: the owner reads and writes, the group and others do both, read or
  /// do nothing.
  var isPossible: Bool {
    let possible: Set<UInt32> = [0, 4, 6]
    return rawValue & ~0o066 == 0o600 && possible.contains(rawValue >> 3 & 7)
      && possible.contains(rawValue & 7)
  }
}

extension FileMode: OptionValue, CustomStringConvertible {
  package static func parse(_ text: String) -> FileMode? {
    guard text.utf8.count == 4, text.utf8.first == 0x30,
      text.utf8.allSatisfy({ (0x30...0x37).contains($0) }), let bits = UInt32(text, radix: 8)
    else { return nil }
    return FileMode(rawValue: bits)
  }

  package static var kind: String { "mode" }
  package static var advice: String {
    "write a zero and three octal digits, as in 0600, 0640 or 0660"
  }

  public var description: String {
    let digits = String(rawValue, radix: 8)
    return String(repeating: "0", count: max(1, 4 - digits.count)) + digits
  }
}
