internal import CBench
internal import Glibc
internal import PsyneCore

/// Runs everybody as threads of this process, or one party in it.
func contest(_ arguments: ContestArguments) throws {
  switch arguments.body {
  case .struct:
    let channel = try openContest(arguments, Sample.self)
    try contest(
      arguments,
      produce: { try produceStructs(try channel.sender(), $0, $1) },
      consume: { try consumeStructs(try channel.receiver(), $0, $1, arguments) })
  case .vector:
    let channel = try openContest(arguments, Words.self)
    try contest(
      arguments,
      produce: { try produceVectors(try channel.sender(), $0, $1) },
      consume: { try consumeVectors(try channel.receiver(), $0, $1, arguments) })
  }
}

private func contest(
  _ arguments: ContestArguments,
  produce: @escaping @Sendable (Int, Board) throws -> Void,
  consume: @escaping @Sendable (Int, Board) throws -> Void
) throws {
  guard arguments.role == .threads else {
    guard cbench_pin(arguments.cpu) else { throw Refusal("no CPU \(arguments.cpu)") }
    let board = try Board(arguments.board)
    cbench_report_ready()
    let party = arguments.role == .produce ? produce : consume
    attempt(board) { try party(arguments.index, board) }
    return
  }
  let board = try Board(nil)
  // Round robin over both CPUs, so that the first producer and the first consumer are apart.
  for index in 0..<arguments.consumers {
    spawn(cpu: Int32((index + 1) % 2)) { attempt(board) { try consume(index, board) } }
  }
  for index in 0..<arguments.producers {
    spawn(cpu: Int32(index % 2)) { attempt(board) { try produce(index, board) } }
  }
  let result = board.referee(arguments)
  cbench_report_result(result)
  // The threads have said that they are through, and the process ends with them.
  exit(result.failed ? 3 : 0)
}

/// A party that fails ends the contest for all.
private func attempt(_ board: Board, _ body: () throws -> Void) {
  do {
    try body()
  } catch {
    print("error: \(error)")
    board.giveUp()
  }
}

private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Starts a thread on that CPU.
private func spawn(cpu: Int32, _ body: @escaping @Sendable () -> Void) {
  let work = Work {
    guard cbench_pin(cpu) else { fatalError("no CPU \(cpu)") }
    body()
  }
  let context = unsafe Unmanaged.passRetained(work).toOpaque()
  var thread = pthread_t()
  let status = unsafe pthread_create(
    &thread, nil,
    { context in
      guard let context = unsafe context else { return nil }
      unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
      return nil
    }, context)
  precondition(status == 0, "no thread")
  pthread_detach(thread)
}
