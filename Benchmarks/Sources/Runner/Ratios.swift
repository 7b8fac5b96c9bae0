/// The ratios of a report, one line each: `RATIO ipc one-way 64B psyne/cpp 1.31`. Of rates, more is
/// better; of round trips it is the quotient of the times, so that less is better.
extension Report {
  var ratios: [String] {
    if measure.isNetwork { return networkRatios }
    return switch measure.kind {
    case .oneWay, .roundTrip: ringRatios
    case .parkedRoundTrip, .parkedPingPong: sleeperRatios
    case .contest: contestRatios
    case .steady, .crowd, .handshakes, .resumptions, .idle: []
    }
  }

  private var ringRatios: [String] {
    var lines: [String] = []
    for target in Contender.Target.allCases {
      let suffix = target == .native ? "-native" : ""
      for variant in ["plain", "batch", "struct"] {
        let name = variant == "plain" ? "psyne" : "psyne-\(variant)"
        lines += ratio(
          name, ours(target, variant), "cpp\(suffix)",
          best { $0.family == .cpp && $0.target == target })
      }
    }
    let plain = ours(.baseline, "plain")
    for family in [Contender.Family.zeromq, .boost, .iceoryx] {
      lines += ratio("psyne", plain, family.rawValue, best { $0.family == family })
    }
    return lines
  }

  private var sleeperRatios: [String] {
    let prefix = measure.kind == .parkedRoundTrip ? "parked-" : ""
    let park = ours(.baseline, prefix + "park")
    let async = ours(.baseline, prefix + "async")
    var lines = ratio(
      "psyne", ours(.baseline, "parked"), "futex", best { $0.family == .futex })
    for (name, value) in [("psyne-park", park), ("psyne-async", async)] {
      lines += ratio(name, value, "futex", best { $0.family == .futex })
      lines += ratio(name, value, "boost-interprocess", best { $0.family == .boost })
    }
    return lines + ratio("psyne-async", async, "psyne-park", park)
  }

  private var contestRatios: [String] {
    var lines: [String] = []
    for body in ["struct", "vector"] {
      let name = body == "struct" ? "psyne" : "psyne-\(body)"
      let figure = best { $0.family == .psyne && $0.variant.hasSuffix(body) }
      if measure.place == .memory {
        lines += ratio(name, figure, "best-peer", best { $0.family == .queue })
        lines += ratio(name, figure, "best-single-peer", best { $0.family == .queue && !$0.isBulk })
      } else {
        lines += ratio(name, figure, "best-peer", best { $0.family != .psyne })
        for family in [Contender.Family.boost, .iceoryx] {
          lines += ratio(name, figure, family.rawValue, best { $0.family == family })
        }
      }
    }
    return lines
  }

  private func ours(_ target: Contender.Target, _ variant: String) -> Double? {
    best { $0.family == .psyne && $0.target == target && $0.variant == variant }
  }

  /// nil where there is no such contender with a figure.
  private func best(_ isWanted: (Contender) -> Bool) -> Double? {
    let medians = summaries.filter { $0.failure == nil && isWanted($0.contender) }.map(\.median)
    return measure.isRate ? medians.max() : medians.min()
  }

  private func ratio(_ a: String, _ ours: Double?, _ b: String, _ theirs: Double?) -> [String] {
    guard let ours, let theirs, theirs > 0 else { return [] }
    let value = ours / theirs
    return [
      "RATIO \(measure.place) \(measure.name) \(measure.sizeName) \(a)/\(b) "
        + value.rounded(toPlaces: value >= 10 ? 0 : value >= 0.1 ? 2 : 4)
    ]
  }

  /// Why ratios are missing, once for each kind of contender and reason.
  var gaps: [String] {
    var lines: [String] = []
    for summary in summaries {
      guard let failure = summary.failure else { continue }
      let line =
        "NO RATIO \(measure.place) \(measure.name) \(measure.sizeName) "
        + "\(summary.contender.family.rawValue): \(failure)"
      if !lines.contains(line) { lines.append(line) }
    }
    return lines
  }
}
