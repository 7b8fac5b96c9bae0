internal import CBench
internal import Glibc

/// Contests last a fixed time, whoever takes part.
extension Repetition {
  private var warmUp: Int { max(30, milliseconds / 3) }
  private var capacity: Int { contender.capacity ?? measure.capacity }

  func runContest(_ shape: Shape) throws(Failure) -> Sample {
    let name = Names.next()
    defer { Names.remove(name) }
    return measure.place == .memory ? try runThreads(shape, name) : try runProcesses(shape, name)
  }

  private func arguments(
    _ role: String, _ shape: Shape, _ name: String, _ last: [Int]
  ) -> [String] {
    [contender.program, contender.variant, role, name]
      + ([shape.producers, shape.consumers, capacity] + last).map(String.init)
  }

  private func runThreads(_ shape: Shape, _ name: String) throws(Failure) -> Sample {
    let process = try ChildProcess(
      arguments("threads", shape, name, [warmUp, milliseconds]), seconds: 60)
    return try Sample([try process.finish()], measure)
  }

  private func runProcesses(_ shape: Shape, _ name: String) throws(Failure) -> Sample {
    guard let board = unsafe cbench_board_map("/dev/shm/\(name).board") else {
      throw Failure("no board")
    }
    defer { unsafe cbench_board_unmap(board) }
    var parties: [ChildProcess] = []
    // One after the other: the first creates what the others open. Round robin over both CPUs, so
    // that the first producer and the first consumer are apart.
    for index in 0..<shape.consumers {
      parties.append(try start("consume", shape, name, index, cores[(index + 1) % 2]))
    }
    for index in 0..<shape.producers {
      parties.append(try start("produce", shape, name, index, cores[index % 2]))
    }
    let toAll = contender.deliversToAll || shape.kind == .broadcast
    let result = unsafe cbench_referee(
      board, UInt32(shape.producers), UInt32(shape.consumers),
      UInt32(toAll ? shape.consumers : 1), UInt64(warmUp) * 1_000_000,
      UInt64(milliseconds) * 1_000_000)
    guard !result.failed else { throw Failure("the contest did not come to an end") }
    for party in parties { _ = try party.finish() }
    guard result.errors == 0 else { throw Failure("\(result.errors) messages were wrong") }
    return Sample(
      value: result.rate, p99: nil, share: result.share, balance: result.balance)
  }

  private func start(
    _ role: String, _ shape: Shape, _ name: String, _ index: Int, _ core: Int
  ) throws(Failure) -> ChildProcess {
    let process = try ChildProcess(arguments(role, shape, name, [index, core]), seconds: 60)
    try process.awaitReady()
    return process
  }
}
