internal import CBench
internal import PsyneCore

// The same loops over TCP and TLS: whoever is started first is a server, the other one connects to it.

func network(_ arguments: Arguments) throws {
  let words = arguments.size / 8
  switch arguments.role {
  case .send:
    let connection = try connect(arguments)
    var sender = try connection.sender()
    let watch = Stopwatch()
    try send(&sender, 0, arguments.end, words: words)
    watch.reportShare(errors: 0)
    try sender.drain()
  case .recv:
    let server = try serve(arguments)
    var receiver = try server.receiver()
    cbench_report_ready()
    var errors = try receive(&receiver, 0, arguments.warmUp, words: words)
    let watch = Stopwatch()
    errors += try receive(&receiver, arguments.warmUp, arguments.end, words: words)
    watch.reportRate(of: arguments.count, errors: errors)
    receiver.release()
    awaitDeparture(from: server)
  case .ping:
    let connection = try connect(arguments)
    var sender = try connection.sender()
    var receiver = try connection.receiver()
    var trips = [UInt32](repeating: 0, count: arguments.count)
    let watch = Stopwatch()
    let errors = try ping(&sender, &receiver, arguments, idle: 0, trips: &trips)
    watch.report(&trips, errors: errors)
  case .echo: try answer(arguments)
  case .pace: try pace(arguments)
  case .listen: try listen(arguments)
  case .crowd: try crowd(arguments)
  case .gather: try gather(arguments)
  case .accept: try accept(arguments)
  case .dial: try dial(arguments)
  case .redial: try redial(arguments)
  case .keep: try keep(arguments)
  case .idle: try idle(arguments)
  }
}

private func answer(_ arguments: Arguments) throws {
  let words = arguments.size / 8
  let server = try serve(arguments)
  var requests = try server.receiver()
  var replies = server.sender()
  cbench_report_ready()
  let watch = Stopwatch()
  var sequence = 0
  var errors = 0
  while sequence < arguments.end, let request = try requests.receive() {
    if !check(request, UInt64(sequence), words: words) { errors += 1 }
    let current = sequence
    try replies.to(request.peer) { sender in
      try send(&sender, current, current + 1, words: words)
    }
    sequence += 1
  }
  watch.reportShare(errors: errors + arguments.end - sequence)
  requests.release()
  awaitDeparture(from: server)
}

/// The second word says when the message was due: a sender that is held up and sends late has not made
/// it shorter.
private func pace(_ arguments: Arguments) throws {
  let connection = try connect(arguments)
  var sender = try connection.sender()
  let watch = Stopwatch()
  var due = cbench_now()
  for sequence in 0..<UInt64(arguments.end) {
    due += cbench_gap
    cbench_spin_until(due)
    var loan = try sender.reserve(count: arguments.size / 8)
    fill(&loan, sequence)
    loan[1] = due
    loan.send()
  }
  watch.reportShare(errors: 0)
  try sender.drain()
}

private func listen(_ arguments: Arguments) throws {
  let server = try serve(arguments)
  var receiver = try server.receiver()
  var times = [UInt32](repeating: 0, count: arguments.count)
  cbench_report_ready()
  let watch = Stopwatch()
  var sequence = 0
  var errors = 0
  while sequence < arguments.end, let message = try receiver.receive() {
    let due = message.elements[1]
    let late = cbench_now() - due
    // The stamp stands where the word after the first would.
    let more = due &- UInt64(sequence) &- 1
    if !check(message, UInt64(sequence), words: arguments.size / 8, more: more) { errors += 1 }
    if sequence >= arguments.warmUp {
      times[sequence - arguments.warmUp] = UInt32(clamping: late)
    }
    sequence += 1
  }
  watch.reportLatencies(&times, errors: errors + arguments.end - sequence)
  receiver.release()
  awaitDeparture(from: server)
}
