public import PsyneCore

/// Bytes that both sides know before anything was sent, and that messages are expected to look like: first
/// messages shrink by it. Both sides need the same one; it is no secret key, and hides nothing.
public struct LZ4Dictionary: Sendable {
  /// As far as LZ4 can refer back.
  public static let maximumBytes = 64 << 10

  /// What it was read from, to name in errors.
  public let path: String?
  public let bytes: [UInt8]
  /// Tells dictionaries apart by accident, not on purpose.
  let fingerprint: UInt64

  /// Reads it from a file.
  ///
  /// - Throws: ``TransportError/Code/invalidOption`` if it cannot be read, is empty, or longer than 64 KiB.
  public init(path: String) throws(TransportError) {
    let bytes: [UInt8]
    do throws(Syscalls.ReadError) {
      bytes = try Syscalls.read(path, limit: Self.maximumBytes)
    } catch {
      throw TransportError(
        .invalidOption, "dictionary '\(path)' \(Self.text(error))", errno: error.number)
    }
    try self.init(bytes, path: path)
  }

  /// - Throws: ``TransportError/Code/invalidOption`` if there are none, or more than 64 KiB.
  public init(_ bytes: [UInt8]) throws(TransportError) {
    try self.init(bytes, path: nil)
  }

  private init(_ bytes: [UInt8], path: String?) throws(TransportError) {
    let name = path.map { " '\($0)'" } ?? ""
    guard !bytes.isEmpty else {
      throw TransportError(
        .invalidOption,
        "dictionary\(name) is empty: give it bytes that messages have in common, or leave it out")
    }
    guard bytes.count <= Self.maximumBytes else {
      throw TransportError(
        .invalidOption,
        "dictionary\(name) has \(bytes.count) bytes: it can have 1 to \(Self.maximumBytes)")
    }
    self.bytes = bytes
    self.path = path
    // FNV-1a.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    fingerprint = hash
  }
}

extension LZ4Dictionary {
  private static func text(_ error: Syscalls.ReadError) -> String {
    switch error {
    case .system(let number): "cannot be read: \(Errno.text(number))"
    case .notRegular: "is no regular file: name one of up to 64 KiB"
    case .tooLong:
      "has more than \(maximumBytes) bytes, which is as far as LZ4 refers back: keep what messages have "
        + "most in common"
    }
  }
}

/// By what they contain.
extension LZ4Dictionary: Hashable {
  public static func == (a: LZ4Dictionary, b: LZ4Dictionary) -> Bool {
    a.fingerprint == b.fingerprint && a.bytes == b.bytes
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension LZ4Dictionary: CustomStringConvertible {
  /// Its path, if it has one, and its fingerprint.
  public var description: String {
    (path.map { "'\($0)' " } ?? "") + BlockHead.hexadecimal(fingerprint)
  }
}
