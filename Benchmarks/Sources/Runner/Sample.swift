/// What one repetition gave.
struct Sample {
  /// Messages or connections a second; nanoseconds (p50) of a round trip; bytes of a connection.
  let value: Double
  let p99: Double?
  /// Least share of the time that an endpoint had its CPU; 1 where nobody says.
  let share: Double
  /// What the least busy producer of a contest sent of what the busiest did.
  let balance: Double?
  /// Of many connections.
  let crowd: CrowdFigures?
  /// Bytes of a connection that is not idle yet.
  let fresh: Double?

  init(
    value: Double, p99: Double?, share: Double, balance: Double? = nil, crowd: CrowdFigures? = nil,
    fresh: Double? = nil
  ) {
    self.value = value
    self.p99 = p99
    self.share = share
    self.balance = balance
    self.crowd = crowd
    self.fresh = fresh
  }

  /// From what the endpoints printed: `key=value` words.
  init(_ outputs: [String], _ measure: Measure) throws(Failure) {
    var values: [String: [Double]] = [:]
    for word in outputs.joined(separator: " ").split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=")
      guard parts.count == 2, let value = Double(parts[1]) else { continue }
      values[String(parts[0]), default: []].append(value)
    }
    let errors = values["errors", default: []].reduce(0, +)
    guard errors == 0 else { throw Failure("\(Int(errors)) messages were wrong") }
    let key = measure.isRate ? "rate" : measure.figure == .memory ? "memory" : "p50"
    guard let value = values[key]?.first, value > 0 else {
      throw Failure("no '\(key)' in: \(outputs.joined(separator: " "))")
    }
    self.init(
      value: value, p99: values["p99"]?.first, share: values["share"]?.min() ?? 1,
      balance: values["balance"]?.first, crowd: CrowdFigures(values),
      fresh: values["fresh"]?.first)
  }
}

/// What a server says of its many connections.
struct CrowdFigures {
  /// Jain's index of the bytes of each: 1 where all had the same.
  let fairness: Double
  /// The server's memory in bytes, before anybody came and after the measurement.
  let before: Double
  let after: Double

  init?(_ values: [String: [Double]]) {
    guard let fairness = values["fairness"]?.first, let before = values["before"]?.first,
      let after = values["after"]?.first
    else { return nil }
    (self.fairness, self.before, self.after) = (fairness, before, after)
  }
}
