/// Why a link ended. Both sides can read it: the one that finds something sends it to the other.
public struct LinkError: Error, Hashable, Sendable {
  /// What kind of failure it is, to switch on. Its number is what travels.
  public enum Code: UInt32, Sendable {
    /// The bytes are not this protocol's.
    case notPsyne = 1
    case version = 2
    /// The two sides carry different messages, or lanes of different sizes.
    case mismatch = 3
    /// A length, a position or a kind that no peer of this protocol sends.
    case malformed = 4
    /// A message is longer than the receiving side takes.
    case tooLarge = 5
    /// Nothing was heard for longer than was agreed.
    case silent = 6
    /// The listener has as many connections as it takes.
    case full = 7
    /// The stream ended in the middle of what was sent.
    case truncated = 8
    /// The other side is going away.
    case leaving = 9
    /// What a newer version might send.
    case other = 0
  }

  public let code: Code
  /// What is wrong, and what to do about it.
  public let message: String
  /// Whether the other side has said it.
  public let isFromPeer: Bool

  package init(_ code: Code, _ message: String, isFromPeer: Bool = false) {
    self.code = code
    self.message = message
    self.isFromPeer = isFromPeer
  }
}

extension LinkError: CustomStringConvertible {
  public var description: String { isFromPeer ? "the other side says: \(message)" : message }
}

extension LinkError {
  /// The longest message that travels, in bytes.
  static var maximumBytes: Int { 400 }

  /// What travels: the code, then the message.
  var body: [UInt8] {
    let number = code.rawValue
    let text = message.utf8.prefix(Self.maximumBytes)
    return (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } + text
  }

  /// Reads what travelled. What cannot be shown on a terminal is replaced.
  init(body: [UInt8]) {
    let number = body.prefix(4).enumerated().reduce(UInt32(0)) {
      $0 | UInt32($1.element) << (8 * UInt32($1.offset))
    }
    let text = body.dropFirst(4).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
    self.init(
      Code(rawValue: number) ?? .other, String(decoding: text, as: UTF8.self), isFromPeer: true)
  }
}
