internal import CBench

/// Over TCP one side listens at a port instead of creating something with a name.
extension Repetition {
  /// Milliseconds, where a repetition lasts a fixed time.
  private var warmUpTime: Int { max(20, milliseconds / 5) }

  /// Messages before the measurement and in it; of a crowd, milliseconds.
  private var lengths: (warmUp: Int, count: Int) {
    switch measure.kind {
    case .crowd:
      // The clients' threads share a processor in slices of milliseconds, which are to be many.
      return (2 * warmUpTime, max(1000, milliseconds))
    case .steady:
      let perMillisecond = Int(1_000_000 / cbench_gap)
      return (warmUpTime * perMillisecond, milliseconds * perMillisecond)
    default:
      // The system's buffers grow in the first of it.
      return (max(64, count / 5), count)
    }
  }

  private var roles: (first: String, second: String) {
    switch measure.kind {
    case .roundTrip: ("echo", "ping")
    case .steady: ("listen", "pace")
    case .crowd: ("gather", "crowd")
    default: ("recv", "send")
    }
  }

  func runNetwork() throws(Failure) -> Sample {
    let port = cbench_free_port()
    guard port > 0 else { throw Failure("there is no free port") }
    func start(_ role: String, _ core: Int) throws(Failure) -> ChildProcess {
      try ChildProcess(
        [
          contender.program, contender.variant, role, "\(port)", "\(measure.size)",
          "\(measure.capacity)", "\(lengths.warmUp)", "\(lengths.count)", "\(core)",
        ], seconds: 60)
    }
    let server = try start(roles.first, cores[1])
    try server.awaitReady()
    let client = try start(roles.second, cores[0])
    let outputs = [try server.finish(), try client.finish()]
    return try Sample(outputs, measure)
  }
}
