/// What Psyne wants to reach over TCP and TLS.
private struct Goal {
  enum Bound {
    case atLeast(Double)
    case atMost(Double)
  }

  let ours: String
  let theirs: String
  let bound: Bound
  /// Of the times: whether it is about the slowest hundredth.
  var isTail = false

  init(_ ours: String, _ theirs: String, _ bound: Bound, isTail: Bool = false) {
    (self.ours, self.theirs, self.bound, self.isTail) = (ours, theirs, bound, isTail)
  }

  func isMet(by ratio: Double) -> Bool {
    switch bound {
    case .atLeast(let wanted): ratio >= wanted
    case .atMost(let wanted): ratio <= wanted
    }
  }

  var wanted: String {
    switch bound {
    case .atLeast(let wanted): ">= \(wanted.rounded(toPlaces: 2))"
    case .atMost(let wanted): "<= \(wanted.rounded(toPlaces: 2))"
    }
  }
}

extension Report {
  /// A line for each goal of the measure: `GOAL missed tcp one-way 64B psyne / ZeroMQ 7.50, wanted >= 8.00`.
  /// None where one of the two did not run.
  var goals: [String] {
    switch measure.place {
    case .memory, .ipc: []
    case .tcp: networkGoals.compactMap(line)
    case .tls: encryptedGoals.compactMap(line)
    }
  }

  private var networkGoals: [Goal] {
    switch measure.kind {
    case .oneWay:
      let times = [64: 8.0, 1024: 5, 4096: 5][measure.size]
      return (times.map { [Goal("psyne", "ZeroMQ", .atLeast($0))] } ?? []) + [
        Goal("psyne", "C batch", .atLeast(1)),
        Goal("psyne 256 KiB", "C batch 256 KiB", .atLeast(1)),
      ]
    case .roundTrip: return [Goal("psyne", "C send", .atMost(1.1))]
    case .steady: return [Goal("psyne", "C send", .atMost(1), isTail: true)]
    default: return []
    }
  }

  private var encryptedGoals: [Goal] {
    switch measure.kind {
    case .oneWay:
      [Goal("psyne", "NNG", .atLeast(5)), Goal("psyne", "ZeroMQ CURVE", .atLeast(2))]
        + (measure.size >= 1024 ? [Goal("psyne", "OpenSSL batch", .atLeast(1.4))] : [])
    case .roundTrip: [Goal("psyne", "OpenSSL write", .atMost(1.1))]
    default: []
    }
  }

  private func line(_ goal: Goal) -> String? {
    func figure(_ name: String) -> Double? {
      let summary = figures.first { $0.contender.name == name }
      return goal.isTail ? summary?.p99 : summary?.median
    }
    guard let ours = figure(goal.ours), let theirs = figure(goal.theirs), theirs > 0 else {
      return nil
    }
    let ratio = ours / theirs
    let quantile = measure.figure != .time ? "" : goal.isTail ? " p99" : " p50"
    return
      "GOAL \(goal.isMet(by: ratio) ? "met" : "missed") \(measure.place) \(measure.name) \(measure.sizeName) "
      + "\(goal.ours) / \(goal.theirs)\(quantile) \(text(ratio)), wanted \(goal.wanted)"
  }
}
