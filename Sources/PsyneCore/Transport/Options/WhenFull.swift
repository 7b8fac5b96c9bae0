/// What a sender does when its channel is full.
public enum WhenFull: Hashable, Sendable {
  /// Waits for room. The default.
  case wait
  /// Waits for room for at most this long, which is more than zero.
  case waitUpTo(Duration)
  /// Fails at once.
  case fail
  /// Drops the message that is to be sent, and counts it.
  case dropNewest
}

extension WhenFull: OptionValue, CustomStringConvertible {
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
  ]

  static func parse(_ text: String) -> WhenFull? {
    switch text {
    case "wait": .wait
    case "fail": .fail
    case "drop": .dropNewest
    default: duration(text).map { .waitUpTo($0) }
    }
  }

  /// A whole number with a unit. Nil also for zero, and for more than 200 years.
  private static func duration(_ text: String) -> Duration? {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    let suffix = text.utf8.dropFirst(digits.count)
    guard let count = Int64(Substring(digits)), count > 0,
      let unit = units.first(where: { $0.name.utf8.elementsEqual(suffix) })
    else { return nil }
    let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
    return overflow ? nil : .nanoseconds(nanoseconds)
  }

  static var kind: String { "way to deal with a full channel" }
  static var advice: String { "write wait, fail, drop or how long to wait, as in 100ms or 2s" }

  public var description: String {
    switch self {
    case .wait: return "wait"
    case .fail: return "fail"
    case .dropNewest: return "drop"
    case .waitUpTo(let duration):
      let (seconds, attoseconds) = duration.components
      let unit = Self.units.last {
        let length = Duration.nanoseconds($0.nanoseconds)
        return duration >= length && duration == length * Int(duration / length)
      }
      guard let unit else { return "\(seconds)s and \(attoseconds)as" }
      return "\(Int(duration / .nanoseconds(unit.nanoseconds)))\(unit.name)"
    }
  }
}
