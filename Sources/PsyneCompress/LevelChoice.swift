internal import PsyneCore

/// Whether blocks are compressed, and how hard: so that a byte takes the least time, which is that of compressing
/// it and that of the wire for what is left of it.
///
/// What compressing takes and leaves is known of the ways that were used, each as of its last time. What the wire
/// takes is known while bytes wait for it; where none do, it is faster than whoever sends. The ways are looked at
/// once a *window*. One is taken in place of another where it is known to be better by an eighth, or on *trial* for
/// a window, when it is not known or long ago.
///
/// - While the wire is what is waited for, one that compresses harder may be better.
/// - While compressing is, and nothing waits for the wire, one that compresses less may.
/// - While neither is, whoever sends has little to send, and nothing changes: it costs little either.
///
/// It knows no clock, and depends on nothing but what it is told.
struct LevelChoice {
  enum Effort: Int, Comparable {
    case none, fast, high
    static func < (a: Effort, b: Effort) -> Bool { a.rawValue < b.rawValue }
  }

  private(set) var effort = Effort.fast
  /// Of each way, what was last seen of it.
  private var costs: [Cost?] = [Cost(nanoseconds: 0, share: 1), nil, nil]
  /// Nanoseconds that a byte takes on the wire; nil while it was never waited for.
  private(set) var wire: Double?
  private var window = Window()
  /// What is gone back to if what is on trial is not better.
  private var fallback: Effort?
  /// Windows since the last trial, and from one to the next.
  private var sinceTrial = 0
  private var spacing = Self.shortest

  /// Bytes of messages, and nanoseconds, that a window has at least: enough to say what of its bytes is left, and
  /// more than the system holds of a burst.
  static let windowBytes = 256 << 10
  static let windowTime: Int64 = 10_000_000
  /// From one trial to the next: at first, and when one has changed anything.
  static let shortest = 2
  /// It doubles up to this.
  static let longest = 128

  /// What a byte of the messages takes.
  struct Cost: Equatable {
    var nanoseconds: Double
    /// Bytes that it becomes.
    var share: Double

    /// What compressing harder may make of it: as far as it mostly goes. Costs five to ten times as much.
    var harder: Cost { Cost(nanoseconds: 6 * nanoseconds, share: 0.7 * share) }
  }

  private struct Window {
    var start: Int64?
    var end: Int64 = 0
    var plain = 0
    var made = 0
    /// Nanoseconds that it took.
    var spent: Int64 = 0
    /// What has left while more waited, and for how long.
    var left = 0
    var waited: Int64 = 0
    /// Of that, before the first block.
    var lead: Int64 = 0

    var time: Int64 { lead + end - (start ?? end) }
  }

  /// A block was dealt with, as ``effort`` says.
  mutating func encoded(_ plain: Int, wire made: Int, from start: Int64, to end: Int64) {
    window.start = window.start ?? start
    window.end = end
    window.plain += plain
    window.made += made
    window.spent += end - start
    if window.plain >= Self.windowBytes, window.time >= Self.windowTime { decide() }
  }

  mutating func wireMoved(_ sample: WireSample) {
    guard !sample.isAtMost else {
      // It says something only if it is faster than what is believed.
      let bound = Double(sample.nanoseconds) / Double(max(1, sample.bytes))
      if let known = wire, bound < known { wire = bound }
      return
    }
    window.left += sample.bytes
    window.waited += sample.nanoseconds
    if window.start == nil { window.lead += sample.nanoseconds }
  }

  private mutating func decide() {
    costs[effort.rawValue] = Cost(
      nanoseconds: Double(window.spent) / Double(window.plain),
      share: Double(window.made) / Double(window.plain))
    // Of a wire that stands still, as where the other side is stopped, nothing is known.
    let isWireWaitedFor = 4 * window.waited >= window.time && window.left > 0
    let isCostly = 4 * window.spent >= window.time
    if isWireWaitedFor {
      let now = Double(window.waited) / Double(window.left)
      wire = wire.map { ($0 + now) / 2 } ?? now
    }
    window = Window()
    sinceTrial += 1
    if let before = fallback { return endTrial(before) }
    if isWireWaitedFor {
      if let better = known.filter({ isBetter($0, than: effort) }).min(by: { time($0) < time($1) })
      {
        effort = better
      } else if sinceTrial >= spacing, let harder, mayBeBetter(harder) {
        beginTrial(harder)
      }
    } else if isCostly, sinceTrial >= spacing, let lighter = Effort(rawValue: effort.rawValue - 1) {
      // Whatever was believed of the wire, it takes more than this.
      wire = nil
      beginTrial(lighter)
    }
  }

  private mutating func beginTrial(_ other: Effort) {
    fallback = effort
    effort = other
  }

  private mutating func endTrial(_ before: Effort) {
    fallback = nil
    sinceTrial = 0
    if isBetter(effort, than: before) {
      spacing = Self.shortest
    } else {
      effort = before
      spacing = min(2 * spacing, Self.longest)
    }
  }

  // MARK: What a byte takes

  private func time(_ effort: Effort) -> Double {
    guard let cost = costs[effort.rawValue] else { return .infinity }
    return cost.nanoseconds + cost.share * (wire ?? 0)
  }

  private func isBetter(_ one: Effort, than other: Effort) -> Bool {
    8 * time(one) < 7 * time(other)
  }

  private var known: [Effort] {
    [.none, .fast, .high].filter { costs[$0.rawValue] != nil && $0 != effort }
  }

  private var harder: Effort? { Effort(rawValue: effort.rawValue + 1) }

  /// Whether it is worth a trial.
  private func mayBeBetter(_ harder: Effort) -> Bool {
    guard harder == .high, let now = costs[effort.rawValue] else { return true }
    return 8 * (now.harder.nanoseconds + now.harder.share * (wire ?? 0)) < 7 * time(effort)
  }
}
