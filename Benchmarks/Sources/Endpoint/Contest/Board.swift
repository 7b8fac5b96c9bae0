internal import CBench

/// What all parties of a contest share (see cbench_contest.h).
@safe
struct Board: @unchecked Sendable {
  // Sendable: its words are read and written with atomics, or by one party alone.
  let memory: UnsafeMutablePointer<cbench_board>

  /// The board of that file, or one for this process.
  init(_ path: String?) throws {
    guard let memory = unsafe cbench_board_map(path) else { throw Refusal("no board") }
    unsafe self.memory = memory
  }

  var isStopped: Bool { unsafe cbench_stopped(memory) }

  /// Waits for the start.
  func join() throws {
    guard unsafe cbench_join(memory) else { throw Refusal("the contest did not start") }
  }

  func count(_ party: Int, _ count: UInt64) {
    unsafe cbench_count(line(party), count)
  }

  func end(_ party: Int, count: UInt64, sum: UInt64, errors: UInt64) {
    unsafe cbench_end(memory, line(party), count, sum, errors)
  }

  func giveUp() { unsafe cbench_give_up(memory) }

  func referee(_ arguments: ContestArguments) -> cbench_result {
    unsafe cbench_referee(
      memory, UInt32(arguments.producers), UInt32(arguments.consumers),
      UInt32(arguments.deliveries), arguments.warmUp, arguments.time)
  }

  private func line(_ party: Int) -> UnsafeMutablePointer<cbench_party> {
    unsafe cbench_party_of(memory, UInt32(party))
  }
}

struct Refusal: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
