/// A number of bytes, as `64KiB` in an address or `.kibibytes(64)` in code.
public struct ByteCount: Hashable, Comparable, Sendable {
  public let bytes: Int

  public static func bytes(_ count: Int) -> ByteCount { ByteCount(bytes: count) }
  public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 10) }
  public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 20) }
  public static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 30) }

  public static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

  private init(bytes: Int) { self.bytes = bytes }

  /// What an `Int` does not hold becomes the most it holds, which no channel has: it is refused as
  /// out of range, and does not come out as some other size.
  private init(_ count: Int, times unit: Int) {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    bytes = overflow ? (count < 0 ? .min : .max) : product
  }

  private static let units: [(name: String, bytes: Int)] = [
    ("", 1), ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
  ]

  /// Reads a whole number with one of the units B, kB, MB, GB, KiB, MiB and GiB, or none. Nil for
  /// anything else, and for more than an `Int` holds.
  public init?(_ text: String) {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty, let count = Int(Substring(digits)) else { return nil }
    // By bytes: characters would let a combining mark pass as part of the last digit.
    let suffix = text.utf8.dropFirst(digits.count)
    guard let unit = Self.units.first(where: { $0.name.utf8.elementsEqual(suffix) }) else {
      return nil
    }
    let (product, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    guard !overflow else { return nil }
    bytes = product
  }
}

extension ByteCount: CustomStringConvertible {
  /// In the largest binary unit that divides it.
  public var description: String {
    let unit = Self.units.last {
      bytes >= $0.bytes && bytes % $0.bytes == 0 && $0.bytes & ($0.bytes - 1) == 0
    }
    guard let unit, unit.bytes > 1 else { return "\(bytes) B" }
    return "\(bytes / unit.bytes) \(unit.name)"
  }
}
