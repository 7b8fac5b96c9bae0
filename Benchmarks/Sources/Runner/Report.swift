/// A contender's samples in one line.
struct Summary {
  let contender: Contender
  let median: Double
  let least: Double
  let greatest: Double
  let p99: Double?

  init(_ contender: Contender, _ samples: [Sample]) {
    self.contender = contender
    let values = samples.map(\.value).sorted()
    median = values.median
    least = values.first ?? 0
    greatest = values.last ?? 0
    let tails = samples.compactMap(\.p99).sorted()
    p99 = tails.isEmpty ? nil : tails.median
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
    summaries = zip(campaign.contenders, campaign.samples).map { Summary($0, $1) }
    rejected = campaign.rejected
    unclean = campaign.unclean
  }

  // MARK: Table

  /// A table in Markdown.
  var table: String {
    var lines = [
      "", "### \(title)", "",
      measure.kind == .oneWay
        ? "| contender | built for | messages/s: median (min..max) | GB/s | |"
        : "| contender | built for | p50: median (min..max) | p99 | |",
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

  private var title: String {
    switch measure.kind {
    case .oneWay: "One way, \(measure.sizeName)"
    case .roundTrip: "Round trip, \(measure.sizeName)"
    case .parkedRoundTrip: "Round trip after both sides have slept, \(measure.sizeName)"
    }
  }

  private func row(_ summary: Summary) -> String {
    let isRate = measure.kind == .oneWay
    let format = isRate ? Self.rate : Self.nanoseconds
    let last =
      isRate
      ? (summary.median * Double(measure.size) / 1e9).rounded(toPlaces: 2)
      : summary.p99.map(Self.nanoseconds) ?? ""
    return "| \(summary.contender.name) | \(summary.contender.target.rawValue) | "
      + "\(format(summary.median)) (\(format(summary.least))..\(format(summary.greatest))) | "
      + "\(last) | \(summary.isBistable ? "bistable" : "") |"
  }

  private static func rate(_ value: Double) -> String {
    switch value {
    case 1e6...: "\((value / 1e6).rounded(toPlaces: value >= 1e8 ? 0 : value >= 1e7 ? 1 : 2))M"
    case 1e3...: "\((value / 1e3).rounded(toPlaces: 1))k"
    default: value.rounded(toPlaces: 0)
    }
  }

  private static func nanoseconds(_ value: Double) -> String {
    value >= 10_000
      ? "\((value / 1000).rounded(toPlaces: 1)) µs" : "\(value.rounded(toPlaces: 0)) ns"
  }

  // MARK: Ratios

  /// One line each: `RATIO ipc one-way 64B psyne/cpp 1.31`. One way, more is better; of round trips
  /// it is the quotient of the times, so that less is better.
  var ratios: [String] {
    var lines: [String] = []
    for target in Contender.Target.allCases {
      let suffix = target == .native ? "-native" : ""
      let rivals = best(.cpp, target)
      for variant in ["plain", "batch", "struct"] {
        let name = variant == "plain" ? "psyne" : "psyne-\(variant)"
        lines += ratio(name, ours(target, variant), "cpp\(suffix)", rivals)
      }
    }
    lines += ratio("psyne", ours(.baseline, "plain"), "zeromq", best(.zeromq, .baseline))
    lines += ratio("psyne", ours(.baseline, "parked"), "futex", best(.futex, .baseline))
    return lines
  }

  private func ours(_ target: Contender.Target, _ variant: String) -> Double? {
    summaries.first {
      $0.contender.family == .psyne && $0.contender.target == target
        && $0.contender.variant == variant
    }?.median
  }

  private func best(_ family: Contender.Family, _ target: Contender.Target) -> Double? {
    let medians =
      summaries
      .filter { $0.contender.family == family && $0.contender.target == target }
      .map(\.median)
    return measure.kind == .oneWay ? medians.max() : medians.min()
  }

  private func ratio(_ a: String, _ ours: Double?, _ b: String, _ theirs: Double?) -> [String] {
    guard let ours, let theirs, theirs > 0 else { return [] }
    let value = ours / theirs
    return [
      "RATIO ipc \(measure.kind.rawValue) \(measure.sizeName) \(a)/\(b) "
        + value.rounded(toPlaces: value >= 10 ? 0 : value >= 0.1 ? 2 : 4)
    ]
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
