/// What a sender does when its channel is full.
public enum WhenFull: Hashable, Sendable {
  /// Waits for room. The default.
  case wait
  /// Waits for room for at most this long, which is more than zero.
  case waitUpTo(Duration)
  /// Fails at once.
  case fail
  /// Drops the message that is to be sent, and counts it.
  case dropNewest
}

extension WhenFull: OptionValue, CustomStringConvertible {
  package static func parse(_ text: String) -> WhenFull? {
    switch text {
    case "wait": .wait
    case "fail": .fail
    case "drop": .dropNewest
    default: Duration.parse(text).map { .waitUpTo($0) }
    }
  }

  package static var kind: String { "way to deal with a full channel" }
  package static var advice: String {
    "write wait, fail, drop or how long to wait, as in 100ms or 2s"
  }

  public var description: String {
    switch self {
    case .wait: return "wait"
    case .fail: return "fail"
    case .dropNewest: return "drop"
    case .waitUpTo(let duration): return duration.spelled
    }
  }
}
