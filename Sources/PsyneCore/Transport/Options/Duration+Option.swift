// Times in addresses: a whole number with a unit.

extension Duration {
  static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
  ]

  /// "100ms", "2s". In seconds and their fractions where no unit divides it.
  package var spelled: String {
    let (seconds, attoseconds) = components
    // No number of nanoseconds.
    guard seconds < Self.longest else { return "\(seconds)s" }
    let unit = Self.units.last {
      let length = Duration.nanoseconds($0.nanoseconds)
      return self >= length && self == length * Int(self / length)
    }
    guard let unit else { return "\(seconds)s and \(attoseconds)as" }
    return "\(Int(self / .nanoseconds(unit.nanoseconds)))\(unit.name)"
  }

  /// In seconds: 200 years, rounded down.
  private static let longest: Int64 = 6_000_000_000

  /// In nanoseconds; what is longer than 200 years counts as that.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return min(max(seconds, 0), Self.longest) * 1_000_000_000 + max(attoseconds, 0) / 1_000_000_000
  }
}

extension Duration: OptionValue {
  /// Nil also for zero, and for more than 200 years.
  package static func parse(_ text: String) -> Duration? {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    let suffix = text.utf8.dropFirst(digits.count)
    guard let count = Int64(Substring(digits)), count > 0,
      let unit = units.first(where: { $0.name.utf8.elementsEqual(suffix) })
    else { return nil }
    let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
    return overflow ? nil : .nanoseconds(nanoseconds)
  }

  package static var kind: String { "time" }
  package static var advice: String { "write a whole number and a unit, as in 250ms, 5s or 2m" }
  package var spelling: String { spelled }
}
