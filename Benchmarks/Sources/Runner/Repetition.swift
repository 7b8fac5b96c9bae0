internal import CBench
internal import Glibc

/// Runs a contender once.
struct Repetition {
  let contender: Contender
  let measure: Measure
  let cores: [Int]
  let milliseconds: Int

  /// Messages a second (one way) or round trips a second that the contender is known to make.
  var pace: Double?

  func run() throws(Failure) -> Sample {
    do {
      if measure.isNetwork { return try runNetwork() }
      guard let shape = measure.shape else { return try runEndpoints() }
      return try runContest(shape)
    } catch {
      throw Failure(
        error.reason,
        context: "\(contender.name), \(measure.place) \(measure.name) \(measure.sizeName)")
    }
  }

  /// Long enough for the time that was asked for; when the pace is not known, just to learn it.
  var count: Int {
    let isConnections = measure.figure == .connections
    let least = measure.kind == .oneWay ? 64 : isConnections ? 100 : 500
    guard let pace else {
      return isConnections
        ? 2 * least : max(least, min(500_000, (64 << 20) / measure.size) / 10)
    }
    return max(least, Int(pace * Double(milliseconds) / 1000))
  }

  /// At least two rings full, so that every page was touched by both.
  private var warmUp: Int {
    measure.kind == .oneWay ? max(2 * measure.capacity / measure.size, count / 20) : count / 10
  }

  private func runEndpoints() throws(Failure) -> Sample {
    let name = Names.next()
    defer { Names.remove(name) }
    func start(_ role: String, _ core: Int) throws(Failure) -> ChildProcess {
      try ChildProcess(
        [
          contender.program, contender.variant, role, name, "\(measure.size)",
          "\(measure.capacity)", "\(warmUp)", "\(count)", "\(core)",
        ], seconds: 60)
    }
    let isOneWay = measure.kind == .oneWay
    let receiver = try start(isOneWay ? "recv" : "echo", cores[1])
    try receiver.awaitReady()
    let sender = try start(isOneWay ? "send" : "ping", cores[0])
    let outputs = [try receiver.finish(), try sender.finish()]
    return try Sample(outputs, measure)
  }
}

/// Names in shared memory that no two runs have in common.
enum Names {
  private static nonisolated(unsafe) var counter = 0

  static func next() -> String {
    unsafe counter += 1
    return unsafe "psyne-bench.\(getpid()).\(counter)"
  }

  /// What a killed endpoint left.
  static func remove(_ name: String) {
    for prefix in ["", "psyne."] {
      for suffix in ["", ".forward", ".back", ".board"] {
        unsafe unlink("/dev/shm/\(prefix)\(name)\(suffix)")
      }
    }
    // iceoryx gives each process a socket and a lock.
    let roles = (0..<4).flatMap { ["produce\($0)", "consume\($0)"] } + ["echo", "ping"]
    for role in roles {
      for suffix in ["", ".lock"] { unsafe unlink("/tmp/\(name).\(role)\(suffix)") }
    }
  }
}
