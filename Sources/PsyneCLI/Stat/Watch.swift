internal import Psyne

/// Looks at a channel every so often and prints how much went through it meanwhile.
struct Watch {
  let address: String
  let isJSON: Bool

  private static let titles = [
    "messages/s", "bytes/s", "unread", "full waits/s", "empty waits/s", "drops/s", "lost/s",
    "senders", "receivers",
  ]
  /// The titles again after so many lines, about a screen.
  private static let linesBetweenTitles = 20

  /// Returns when the channel is gone.
  func run(from first: SegmentReport, every seconds: Double) async throws {
    let clock = ContinuousClock()
    var (before, time) = (first.statistics, clock.now)
    var due = time
    var lines = 0
    while let report = try await look(at: &due, seconds) {
      let now = clock.now
      let rates = Rates(from: before, to: report.statistics, in: (now - time).inSeconds)
      (before, time) = (report.statistics, now)
      if isJSON {
        Console.output.write("\(ReportJSON(address, report, rates: rates.fields))\n")
      } else {
        if lines.isMultiple(of: Self.linesBetweenTitles) { write(Self.titles) }
        write(line(rates, report))
        lines += 1
      }
    }
  }

  /// Looks when it is time; nil if the channel is gone.
  private func look(
    at due: inout ContinuousClock.Instant, _ seconds: Double
  ) async throws -> SegmentReport? {
    due += .seconds(seconds)
    try await Task.sleep(until: due, clock: .continuous)
    do {
      return try IPCTransport().report(on: address)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  private func write(_ cells: [String]) {
    let columns = zip(cells, Self.titles).map { $0.right(max(9, $1.count)) }
    Console.output.write(columns.joined(separator: "  ") + "\n")
  }

  private func line(_ rates: Rates, _ report: SegmentReport) -> [String] {
    let statistics = report.statistics
    return [
      Format.decimal(rates.messages, 0), "\(Format.scaled(rates.bytes))B",
      ReportTables.unread(report, statistics.unreadBytes), Format.decimal(rates.fullWaits, 0),
      Format.decimal(rates.emptyWaits, 0), Format.decimal(rates.drops, 0),
      Format.decimal(rates.lost, 0), "\(statistics.senders.count { $0.isAttached })",
      "\(statistics.receivers.count { $0.isAttached })",
    ]
  }
}

/// How fast a channel's counters grew, each a second.
struct Rates {
  let messages, bytes, fullWaits, emptyWaits, drops, lost: Double

  /// A counter that is less than before belongs to a new channel of the same name.
  init(from before: ChannelStatistics, to after: ChannelStatistics, in seconds: Double) {
    func rate(_ counter: KeyPath<ChannelStatistics, Int>) -> Double {
      let (old, new) = (before[keyPath: counter], after[keyPath: counter])
      return Double(new < old ? new : new - old) / max(seconds, 1e-9)
    }
    messages = rate(\.messages)
    bytes = rate(\.bytes)
    fullWaits = rate(\.fullWaits)
    emptyWaits = rate(\.emptyWaits)
    drops = rate(\.drops)
    lost = rate(\.lost)
  }

  /// For ``ReportJSON``.
  var fields: [(String, JSON)] {
    [
      ("messagesPerSecond", .decimal(messages)), ("bytesPerSecond", .decimal(bytes)),
      ("fullWaitsPerSecond", .decimal(fullWaits)), ("emptyWaitsPerSecond", .decimal(emptyWaits)),
      ("dropsPerSecond", .decimal(drops)), ("lostPerSecond", .decimal(lost)),
    ]
  }
}
