/// What an option can be set to, as an address spells it.
package protocol OptionValue: Hashable {
  /// Nil for what is none.
  static func parse(_ text: String) -> Self?
  /// What a value is: "size" in "'x' is no size".
  static var kind: String { get }
  /// What would be right, for whoever wrote something else.
  static var advice: String { get }
  var spelling: String { get }
}

extension OptionValue {
  package var spelling: String { "\(self)" }
}

extension OptionValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  package static func parse(_ text: String) -> Self? { Self(rawValue: text) }

  package static var advice: String {
    let words = allCases.map(\.rawValue)
    return "write \(words.dropLast().joined(separator: ", ")) or \(words[words.count - 1])"
  }

  package var spelling: String { rawValue }
}

extension ByteCount: OptionValue {
  package static func parse(_ text: String) -> ByteCount? { ByteCount(text) }
  package static var kind: String { "size" }
  package static var advice: String { "write bytes or a unit, as in 65536, 64KiB or 10MiB" }
}

extension Int: OptionValue {
  /// Digits alone: no sign.
  package static func parse(_ text: String) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  package static var kind: String { "number" }
  package static var advice: String { "write a whole number, as in 8" }
}

/// A user's or a group's name or number.
extension String: OptionValue {
  package static func parse(_ text: String) -> String? { text }
  package static var kind: String { "name" }
  package static var advice: String { "write a name or a number" }
}
