internal import CBench
internal import PsyneCore

// A server's memory for each of many connections over which one message went there and back, and no more.

func keep(_ arguments: Arguments) throws {
  guard cbench_many_descriptors() else { throw Refusal("RLIMIT_NOFILE") }
  let server = try serve(arguments)
  var requests = try server.receiver()
  var replies = server.sender()
  cbench_report_ready()
  let words = arguments.size / 8
  func keep(_ count: Int) throws -> UInt64 {
    for _ in 0..<count {
      guard let request = try requests.receive() else { throw Refusal("nobody is there") }
      guard try answer(request, &replies, words: words) == 0 else {
        throw Refusal("a message was wrong")
      }
    }
    return cbench_memory_bytes()
  }
  let before = try keep(arguments.warmUp)
  let fresh = try keep(arguments.count)
  cbench_sleep(cbench_idle_time)
  let idle = cbench_memory_bytes()
  guard server.peers.count(where: { $0.state == .connected }) == arguments.end else {
    throw Refusal("not all connections are there")
  }
  cbench_report_memory(UInt64(arguments.count), before, fresh, idle)
  server.close()
  requests.release()
  awaitDeparture(from: server)
}

/// Connects, and stays until the server leaves.
func idle(_ arguments: Arguments) throws {
  guard cbench_many_descriptors() else { throw Refusal("RLIMIT_NOFILE") }
  var errors = 0
  let connections = try (0..<arguments.end).map { index in
    let connection = try connect(arguments)
    errors += try ask(connection, index, words: arguments.size / 8)
    return connection
  }
  let watch = Stopwatch()
  try withExtendedLifetime(connections) {
    var receiver = try connections[0].receiver()
    while try receiver.receive() != nil {}
  }
  watch.reportShare(errors: errors)
}
