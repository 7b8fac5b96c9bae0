/// As much of JSON as reports need. Foundation would do it, and take longer to load than we run.
indirect enum JSON {
  case number(Int)
  case decimal(Double)
  case string(String)
  case bool(Bool)
  case array([JSON])
  case object([(String, JSON)])
}

extension JSON: CustomStringConvertible {
  /// On one line.
  var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .decimal(let number): "\(number)"
    case .bool(let bool): "\(bool)"
    case .string(let text): Self.quoted(text)
    case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
    case .object(let fields):
      "{" + fields.map { "\(Self.quoted($0)):\($1)" }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case ..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
