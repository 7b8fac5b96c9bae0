internal import CBench

/// Over TCP and TLS one side listens at a port instead of creating something with a name.
extension Repetition {
  /// Milliseconds, where a repetition lasts a fixed time.
  private var warmUpTime: Int { max(20, milliseconds / 5) }

  /// Messages or connections before the measurement and in it; of a crowd, milliseconds.
  private var lengths: (warmUp: Int, count: Int) {
    switch measure.kind {
    case .crowd:
      // The clients' threads share a processor in slices of milliseconds, which are to be many.
      return (2 * warmUpTime, max(1000, milliseconds))
    case .steady:
      let perMillisecond = Int(1_000_000 / cbench_gap)
      return (warmUpTime * perMillisecond, milliseconds * perMillisecond)
    case .idle: return (24, 1000)
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
    case .handshakes: ("accept", "dial")
    case .resumptions: ("accept", "redial")
    case .idle: ("keep", "idle")
    default: ("recv", "send")
    }
  }

  func runNetwork() throws(Failure) -> Sample {
    func start(_ role: String, _ port: UInt16, _ core: Int) throws(Failure) -> ChildProcess {
      try ChildProcess(
        [
          contender.program, contender.variant, role, "\(port)", "\(measure.size)",
          "\(contender.capacity ?? measure.capacity)", "\(lengths.warmUp)", "\(lengths.count)",
          "\(core)",
        ], seconds: 60)
    }
    let port = try Tunnel.freePort()
    let server = try start(roles.first, port, cores[1])
    try server.awaitReady()
    // It is there for as long as the two are.
    let tunnel = try contender.certificates.map { certificates throws(Failure) in
      try Tunnel(to: port, certificates, cores)
    }
    defer { tunnel?.stop() }
    let client = try start(roles.second, tunnel?.port ?? port, cores[0])
    let outputs = [try server.finish(), try client.finish()]
    return try Sample(outputs, measure)
  }
}
