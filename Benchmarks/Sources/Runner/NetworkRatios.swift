/// Ratios over TCP and TLS.
extension Report {
  /// Psyne with its defaults, and whoever else of Psyne's runs here, to each peer: `RATIO tcp one-way
  /// 64B psyne/ZeroMQ 8.5`. Of times there are two, p50 and p99.
  var networkRatios: [String] {
    var lines: [String] = []
    for ours in figures where ours.contender.family == .psyne {
      for theirs in figures where theirs.contender.family != .psyne {
        guard isComparable(ours.contender, theirs.contender) else { continue }
        let names = "\(word(ours.contender))/\(word(theirs.contender))"
        let line = "RATIO \(measure.place) \(measure.name) \(measure.sizeName) \(names)"
        let quantile = measure.figure == .time ? " p50" : ""
        lines.append("\(line)\(quantile) \(text(ours.median / theirs.median))")
        if let tail = tailRatio(ours, theirs) { lines.append("\(line) p99 \(text(tail))") }
      }
    }
    return lines
  }

  /// Of the table: Psyne with the same buffers, and else as its defaults have it, to `peer`.
  func networkRatio(_ peer: Summary) -> String {
    guard peer.failure == nil, peer.contender.family != .psyne,
      let ours = figures.first(where: {
        $0.contender.family == .psyne && isComparable($0.contender, peer.contender)
      })
    else { return "" }
    let ratio = text(ours.median / peer.median)
    return tailRatio(ours, peer).map { "\(ratio), p99 \(text($0))" } ?? ratio
  }

  /// Of those that ran.
  var figures: [Summary] { summaries.filter { $0.failure == nil && $0.median > 0 } }

  /// A difference in the system's buffers is none between the libraries.
  private func isComparable(_ ours: Contender, _ theirs: Contender) -> Bool {
    hasSmallBuffers(ours) == hasSmallBuffers(theirs)
  }

  private func hasSmallBuffers(_ contender: Contender) -> Bool {
    contender.variant.contains("256KiB")
  }

  private func word(_ contender: Contender) -> String {
    contender.name.split(separator: " ").joined(separator: "-")
  }

  private func tailRatio(_ ours: Summary, _ theirs: Summary) -> Double? {
    guard let ours = ours.p99, let theirs = theirs.p99, theirs > 0 else { return nil }
    return ours / theirs
  }

  func text(_ ratio: Double) -> String {
    ratio.rounded(toPlaces: ratio >= 10 ? 1 : ratio >= 0.1 ? 2 : 4)
  }
}
