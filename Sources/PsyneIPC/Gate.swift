internal import Glibc
internal import PsyneCore

// The gate: the lock under which parties come, claim, leave and are declared dead. It is held for
// microseconds, unless its holder is stopped in it.

extension File {
  /// How long a party may stay in the gate before somebody says so.
  static let gatePatience = Duration.seconds(5)

  /// Takes the gate of the segment, named `path`, waiting for it; false if `isEnding` turns true first.
  /// What a stopped holder was about to write is not known, so that nobody can go on without it; but
  /// people are told whom to look at.
  func enterGate(of path: String, unless isEnding: () -> Bool) -> Bool {
    var isReported = false
    while !enterGate(until: ContinuousClock.now + Self.gatePatience, unless: isEnding) {
      guard !isEnding() else { return false }
      if !isReported {
        Diagnostics.report(
          Diagnostic(
            .stuck,
            "still waiting for \(path): \(gateHolder) stopped while opening, claiming or leaving it; "
              + "let it go on (kill -CONT), or end it"))
      }
      isReported = true
    }
    noteGateHolder()
    return true
  }

  /// Takes the gate, or returns false when the time has passed or `isEnding`. Writes nothing: the file
  /// may turn out to be no segment.
  func enterGate(
    until giveUp: ContinuousClock.Instant, unless isEnding: () -> Bool = { false }
  ) -> Bool {
    var looks = 0
    while !tryLock(SegmentLayout.gateLock) {
      // A child of the party that has it open: nothing it does counts.
      guard isOurs else { return true }
      looks += 1
      // The holder is usually gone at once, where it is running.
      if looks < 20 {
        sched_yield()
      } else {
        guard ContinuousClock.now < giveUp, !isEnding() else { return false }
        usleep(looks < 1000 ? 200 : 5000)
      }
    }
    return true
  }

  /// Names us, in a file that is a segment, as whoever has the gate.
  func noteGateHolder() {
    // A name that cannot be written is missing from a message, no more.
    try? write(Party.current, at: SegmentLayout.gateHolder)
  }

  /// Whoever has taken the gate last.
  var gateHolder: String {
    guard let bytes = try? read(SegmentLayout.partyBytes, at: SegmentLayout.gateHolder),
      bytes.count == SegmentLayout.partyBytes, Party(bytes).process != 0
    else { return "another process" }
    return Party(bytes).description
  }
}
