/// The value of `--timeout`.
struct TimeLimit {
  /// As the user wrote it.
  let text: String
  let duration: Duration

  /// A whole number with one of the units us, ms, s, m and h. Nil for anything else.
  init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    // More than 9 digits of hours would be more than a duration holds.
    guard !digits.isEmpty, digits.count <= 9, let count = Int(digits) else { return nil }
    switch text.dropFirst(digits.count) {
    case "us": duration = .microseconds(count)
    case "ms": duration = .milliseconds(count)
    case "s": duration = .seconds(count)
    case "m": duration = .seconds(count * 60)
    case "h": duration = .seconds(count * 3600)
    default: return nil
    }
    self.text = text
  }
}
