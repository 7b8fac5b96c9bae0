internal import CBench
internal import Glibc
internal import PsyneCore

// Round trips of a user who writes `await`: both ends are tasks on the reactor's thread.

/// Runs a task to its end, and ends the process: the thread that calls has nothing else to do.
func runAsync(_ body: @escaping @Sendable () async throws -> Void) -> Never {
  Task {
    do {
      try await body()
      exit(0)
    } catch {
      print("error: \(error)")
      exit(3)
    }
  }
  while true { pause() }
}

func asyncRoundTrips(
  _ forward: SPSCChannel<Words>, _ back: SPSCChannel<Words>, _ arguments: Arguments
) async throws {
  let task = Task(executorPreference: Reactor.shared) {
    // The reactor's thread, not the one that started the task.
    guard cbench_pin(arguments.cpu) else { throw Refusal("no CPU \(arguments.cpu)") }
    if arguments.role == .ping {
      try await asyncPing(forward, back, arguments)
    } else {
      try await asyncEcho(forward, back, arguments)
    }
  }
  try await task.value
}

private func asyncPing(
  _ forward: SPSCChannel<Words>, _ back: SPSCChannel<Words>, _ arguments: Arguments
) async throws {
  var sender = try forward.sender()
  var receiver = try back.receiver()
  var trips = [UInt32](repeating: 0, count: arguments.count)
  var errors = 0
  let words = arguments.size / 8
  let watch = Stopwatch()
  for sequence in 0..<arguments.end {
    // A sleep that blocks the thread: what is timed begins when it ends.
    if arguments.idles { cbench_sleep(Arguments.idleTime) }
    let before = cbench_ticks()
    try send(&sender, sequence, sequence + 1, words: words)
    guard let message = try await receiver.next() else { throw Refusal("no answer") }
    if !check(message, UInt64(sequence), words: words) { errors += 1 }
    let ticks = cbench_ticks() - before
    if sequence >= arguments.warmUp {
      trips[sequence - arguments.warmUp] = UInt32(clamping: ticks)
    }
  }
  watch.report(&trips, errors: errors)
}

private func asyncEcho(
  _ forward: SPSCChannel<Words>, _ back: SPSCChannel<Words>, _ arguments: Arguments
) async throws {
  var receiver = try forward.receiver()
  var sender = try back.sender()
  cbench_report_ready()
  var errors = 0
  let words = arguments.size / 8
  let watch = Stopwatch()
  var sequence = 0
  while sequence < arguments.end, let message = try await receiver.next() {
    if !check(message, UInt64(sequence), words: words) { errors += 1 }
    try send(&sender, sequence, sequence + 1, words: words)
    sequence += 1
  }
  watch.reportShare(errors: errors + arguments.end - sequence)
  try await sender.drain()
}
