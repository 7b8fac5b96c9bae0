internal import CPsyne
internal import PsyneCore
internal import Synchronization

/// Tells of those that were turned away, so seldom that nobody can fill a log by being so.
enum Refusals {
  private static let strangers = Seldom()
  private static let doors = Seldom()

  /// One who is turned away.
  ///
  /// - Parameter engine: whose thread tells it if it cannot be told yet.
  static func report(_ message: String, _ engine: Engine) { strangers.tell(message, engine) }

  /// Nobody can come in. Counted apart: strangers must not keep this from being told.
  static func reportDoor(_ message: String, _ engine: Engine) { doors.tell(message, engine) }
}

/// Lets one report a second pass, and counts the others: the last of them is told when the second is over.
final class Seldom: Sendable {
  private struct State {
    var until: Int64 = 0
    var untold = 0
    var last = ""
  }
  private let state = Mutex(State())

  private static let pause: Int64 = 1_000_000_000

  func tell(_ message: String, _ engine: Engine) {
    switch pass(message, now: cpsyne_monotonic_ns()) {
    case .told(let untold): Self.report(message, and: untold)
    case .heldBack(let until?): Reminder(self, engine).call(at: until)
    case .heldBack(nil): break
    }
  }

  enum Passage: Equatable {
    /// It may be told; so many before it were not.
    case told(untold: Int)
    /// Not now. The first one has to see that somebody looks again at that time.
    case heldBack(until: Int64?)
  }

  func pass(_ message: String, now: Int64) -> Passage {
    state.withLock { state in
      guard now >= state.until else {
        state.untold += 1
        state.last = message
        return .heldBack(until: state.untold == 1 ? state.until : nil)
      }
      defer { state = State(until: now + Self.pause) }
      return .told(untold: state.untold)
    }
  }

  /// What is held back and may be told now.
  func takeHeldBack(now: Int64) -> (message: String, untold: Int)? {
    state.withLock { state in
      guard state.untold > 0, now >= state.until else { return nil }
      defer { state = State(until: now + Self.pause) }
      return (state.last, state.untold - 1)
    }
  }

  func tellHeldBack(now: Int64) {
    if let (message, untold) = takeHeldBack(now: now) { Self.report(message, and: untold) }
  }

  private static func report(_ message: String, and untold: Int) {
    Diagnostics.report(
      Diagnostic(.refused, untold == 0 ? message : "\(message) (and \(untold) before it)"))
  }
}

/// Has an engine call once.
private final class Reminder: EngineClient {
  private let seldom: Seldom
  private let engine: Engine
  private let tag = Atomic<UInt64>(0)

  init(_ seldom: Seldom, _ engine: Engine) {
    self.seldom = seldom
    self.engine = engine
  }

  func call(at time: Int64) {
    let own = engine.add(self)
    tag.store(own, ordering: .relaxed)
    engine.call(own, at: time)
  }

  func isReady(_ event: cpsyne_event) -> Bool { false }

  func isDue(now: Int64) {
    seldom.tellHeldBack(now: now)
    engine.remove(tag.load(ordering: .relaxed))
  }
}
