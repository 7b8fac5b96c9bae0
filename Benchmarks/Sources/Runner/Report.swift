/// A contender's samples in one line.
struct Summary {
  let contender: Contender
  let median: Double
  let least: Double
  let greatest: Double
  let p99: Double?
  /// Of a contest: how much the least busy producer sent of what the busiest did.
  let balance: Double?
  /// Of many connections: fairness, and the server's memory before and after.
  let crowd: (fairness: Double, before: Double, after: Double)?
  let fresh: Double?
  /// Why there are no figures.
  let failure: String?

  init(_ contender: Contender, _ samples: [Sample], _ failure: String?) {
    self.contender = contender
    self.failure = failure
    let values = samples.map(\.value).sorted()
    median = values.median
    least = values.first ?? 0
    greatest = values.last ?? 0
    let tails = samples.compactMap(\.p99).sorted()
    p99 = tails.isEmpty ? nil : tails.median
    let balances = samples.compactMap(\.balance).sorted()
    balance = balances.isEmpty ? nil : balances.median
    let fresh = samples.compactMap(\.fresh).sorted()
    self.fresh = fresh.isEmpty ? nil : fresh.median
    let crowds = samples.compactMap(\.crowd)
    func typical(_ figure: (CrowdFigures) -> Double) -> Double {
      crowds.map(figure).sorted().median
    }
    crowd = crowds.isEmpty ? nil : (typical(\.fairness), typical(\.before), typical(\.after))
  }

  /// Whether the repetitions look like two states rather than one with noise.
  var isBistable: Bool { greatest > 2 * least }
}

extension [Double] {
  /// Of sorted values.
  var median: Double {
    guard !isEmpty else { return 0 }
    return count % 2 == 1 ? self[count / 2] : (self[count / 2 - 1] + self[count / 2]) / 2
  }
}

/// What a campaign has found.
struct Report {
  let measure: Measure
  let summaries: [Summary]
  let rejected: Int
  let unclean: Int

  init(_ campaign: Campaign) {
    measure = campaign.measure
    summaries = campaign.contenders.indices.map {
      Summary(campaign.contenders[$0], campaign.samples[$0], campaign.failures[$0])
    }
    rejected = campaign.rejected
    unclean = campaign.unclean
  }

  // MARK: Table

  /// A table in Markdown.
  var table: String {
    let second = measure.isNetwork ? "psyne to it" : "built for"
    var lines = [
      "", "### \(measure.title)", "",
      "| contender | \(second) | \(heads.value): median (min..max) | \(heads.more) | |",
      "|---|---|---|---|---|",
    ]
    for summary in summaries { lines.append(row(summary)) }
    if rejected > 0 {
      lines += [
        "", "\(rejected) disturbed repetitions were run again; \(unclean) stayed disturbed.",
      ]
    }
    return lines.joined(separator: "\n")
  }

  private var heads: (value: String, more: String) {
    switch measure.figure {
    case .messages: ("messages/s", "GB/s")
    case .connections: ("connections/s", "time of each")
    case .time: ("p50", "p99")
    case .memory: ("idle", "used just before")
    }
  }

  private func row(_ summary: Summary) -> String {
    let second =
      measure.isNetwork ? networkRatio(summary) : summary.contender.target.rawValue
    if let failure = summary.failure {
      return "| \(summary.contender.name) | \(second) | – | | \(failure) |"
    }
    let format =
      measure.isRate ? Self.rate : measure.figure == .memory ? Self.kibibytes : Self.nanoseconds
    let last =
      switch measure.figure {
      case .messages: (summary.median * Double(measure.size) / 1e9).rounded(toPlaces: 2)
      case .connections: Self.nanoseconds(1e9 / summary.median)
      case .time: summary.p99.map(Self.nanoseconds) ?? ""
      case .memory: summary.fresh.map(Self.kibibytes) ?? ""
      }
    return "| \(summary.contender.name) | \(second) | "
      + "\(format(summary.median)) (\(format(summary.least))..\(format(summary.greatest))) | "
      + "\(last) | \(remarks(summary)) |"
  }

  private func remarks(_ summary: Summary) -> String {
    var remarks = summary.isBistable ? ["bistable"] : []
    if let balance = summary.balance, balance < 0.5 {
      remarks.append("least producer \((balance * 100).rounded(toPlaces: 0)) % of the busiest")
    }
    if let crowd = summary.crowd {
      remarks.append(
        "fairness \(crowd.fairness.rounded(toPlaces: 3)), the server's memory "
          + "\((crowd.before / 1_048_576).rounded(toPlaces: 1)) → "
          + "\((crowd.after / 1_048_576).rounded(toPlaces: 1)) MiB")
    }
    return remarks.joined(separator: ", ")
  }

  private static func rate(_ value: Double) -> String {
    switch value {
    case 1e6...: "\((value / 1e6).rounded(toPlaces: value >= 1e8 ? 0 : value >= 1e7 ? 1 : 2))M"
    case 1e3...: "\((value / 1e3).rounded(toPlaces: 1))k"
    default: value.rounded(toPlaces: 0)
    }
  }

  private static func kibibytes(_ value: Double) -> String {
    "\((value / 1024).rounded(toPlaces: 1)) KiB"
  }

  private static func nanoseconds(_ value: Double) -> String {
    value >= 10_000
      ? "\((value / 1000).rounded(toPlaces: 1)) µs" : "\(value.rounded(toPlaces: 0)) ns"
  }
}

extension Double {
  /// In decimal, with `places` digits after the point.
  func rounded(toPlaces places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((self * Double(scale)).rounded())
    guard places > 0 else { return "\(scaled)" }
    let fraction = "\(scaled % scale)"
    return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
