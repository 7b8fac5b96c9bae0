/// How much a wire carries.
struct BitRate: Sendable {
  let bitsPerSecond: Int

  static let ordinary = BitRate(bitsPerSecond: 20_000_000)
  private static let possible = 100_000...10_000_000_000

  private init(bitsPerSecond: Int) { self.bitsPerSecond = bitsPerSecond }

  /// A whole number with one of the units kbit, mbit and gbit, as `tc` has them. Nil for anything else, and for
  /// what the demo cannot do.
  init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 9, let count = Int(digits) else { return nil }
    let units = ["kbit": 1000, "mbit": 1_000_000, "gbit": 1_000_000_000]
    guard let unit = units[text.dropFirst(digits.count).lowercased()],
      Self.possible.contains(count * unit)
    else { return nil }
    bitsPerSecond = count * unit
  }

  var text: String { "\(Format.scaled(Double(bitsPerSecond)))bit/s" }

  /// What it carries in a time, without what a network adds.
  func bytes(in time: Duration) -> Int { Int(Double(bitsPerSecond) / 8 * time.inSeconds) }
}
