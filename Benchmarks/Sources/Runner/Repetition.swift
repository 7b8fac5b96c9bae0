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
      return try contender.runs == .whole ? runWhole() : runEndpoints()
    } catch {
      throw Failure(
        "\(contender.name), \(measure.kind.rawValue) \(measure.sizeName): \(error.description)")
    }
  }

  /// Long enough for the time that was asked for; when the pace is not known, just to learn it.
  private var count: Int {
    let least = measure.kind == .oneWay ? 64 : 500
    guard let pace else { return max(least, min(500_000, (64 << 20) / measure.size) / 10) }
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
    try receiver.awaitLine()
    let sender = try start(isOneWay ? "send" : "ping", cores[0])
    let outputs = [try receiver.finish(), try sender.finish()]
    return try Sample(outputs, measure)
  }

  private func runWhole() throws(Failure) -> Sample {
    unsafe setenv("BENCH_REPS", "1", 1)
    unsafe setenv("BENCH_MS", "\(milliseconds)", 1)
    unsafe setenv("RING_CAP", "\(measure.capacity)", 1)
    let kind = measure.kind == .oneWay ? "thr" : "rtt"
    let process = try ChildProcess(
      [contender.program, contender.variant, kind, "\(measure.size)", "1"], seconds: 120)
    let words = try process.finish().split(whereSeparator: \.isWhitespace)
    func value(after word: String) -> Double? {
      words.firstIndex { $0 == word }.flatMap { words.dropFirst($0 + 1).first }
        .flatMap { Double($0) }
    }
    guard let found = value(after: measure.kind == .oneWay ? "msgs/s" : "p50_ns") else {
      throw Failure("not understood: \(words.joined(separator: " "))")
    }
    return Sample(value: found, p99: value(after: "p99"), share: 1)
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
      for suffix in ["", ".forward", ".back"] {
        unsafe unlink("/dev/shm/\(prefix)\(name)\(suffix)")
      }
    }
  }
}
