/// Numbers as people read them. Foundation would do it, and take longer to load than we run.
enum Format {
  /// 1,234,567
  static func count(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// "1 message", "1,234,567 messages"
  static func count(_ number: Int, of noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// With so many decimals, rounded.
  static func decimal(_ number: Double, _ places: Int) -> String {
    guard number.isFinite, number.magnitude < 1e15 else { return "-" }
    let unit = (0..<places).reduce(1) { product, _ in product * 10 }
    let scaled = Int((number.magnitude * Double(unit)).rounded())
    let sign = number < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + count(scaled) }
    let rest = String(scaled % unit)
    return sign + count(scaled / unit) + "." + String(repeating: "0", count: places - rest.count)
      + rest
  }

  /// Three digits or four: 1.23, 12.3, 123.
  static func short(_ number: Double) -> String {
    decimal(number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0)
  }

  /// 481 MiB
  static func bytes(_ bytes: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
    guard bytes >= 1024 else { return "\(bytes) B" }
    var (value, index) = (Double(bytes) / 1024, 0)
    while value >= 1023.5, index + 1 < units.count { (value, index) = (value / 1024, index + 1) }
    return "\(short(value)) \(units[index])"
  }

  /// 1.23 GB/s
  static func rate(bytes: Int, in time: Duration) -> String {
    "\(scaled(Double(bytes) / time.inSeconds))B/s"
  }

  /// "2.34 M", to be followed by a unit.
  static func scaled(_ number: Double) -> String {
    guard number.isFinite else { return "- " }
    let units = ["", "k", "M", "G", "T"]
    var (value, index) = (number, 0)
    while value >= 999.5, index + 1 < units.count { (value, index) = (value / 1000, index + 1) }
    return "\(index == 0 ? decimal(value, 0) : short(value)) \(units[index])"
  }

  /// 350 ns, 1.20 µs, 34.1 ms, 2.50 s
  static func time(nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<999.5: "\(decimal(nanoseconds, 0)) ns"
    case ..<999_500: "\(short(nanoseconds / 1e3)) µs"
    case ..<999_500_000: "\(short(nanoseconds / 1e6)) ms"
    default: "\(short(nanoseconds / 1e9)) s"
    }
  }

  static func time(_ duration: Duration) -> String {
    time(nanoseconds: duration.inSeconds * 1e9)
  }

  /// 1:02:03 or 2:03
  static func clock(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    let padded = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3600)
    return hours > 0
      ? "\(hours):\(padded(minutes)):\(padded(seconds % 60))" : "\(minutes):\(padded(seconds % 60))"
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension String {
  /// Filled up with blanks on its left.
  func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }

  /// Filled up with blanks on its right.
  func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
