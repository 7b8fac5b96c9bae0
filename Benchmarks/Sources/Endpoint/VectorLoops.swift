internal import CBench
internal import PsyneCore

// The loops of a user who sends numbers: plain calls of the public interface, nothing tuned.

typealias Words = Vector<UInt64>

/// Sends the messages `first..<end`.
@inline(__always)
func send(_ sender: inout Sender<Words>, _ first: Int, _ end: Int, words: Int) throws {
  for sequence in UInt64(first)..<UInt64(end) {
    var loan = try sender.reserve(count: words)
    fill(&loan, sequence)
    loan.send()
  }
}

/// The same with one publication for 16 messages.
@inline(__always)
func sendBatches(_ sender: inout Sender<Words>, _ first: Int, _ end: Int, words: Int) throws {
  for sequence in UInt64(first)..<UInt64(end) {
    var loan = try sender.reserve(count: words)
    fill(&loan, sequence)
    if sequence & 15 == 15 { loan.send() } else { loan.stage() }
  }
  sender.publish()
}

/// Receives the messages `first..<end`, and returns how many were not what they should be.
@inline(__always)
func receive(_ receiver: inout Receiver<Words>, _ first: Int, _ end: Int, words: Int) throws -> Int
{
  var sequence = UInt64(first)
  var errors = 0
  while sequence < UInt64(end), let message = try receiver.receive() {
    if !check(message, sequence, words: words) { errors += 1 }
    sequence += 1
  }
  return errors + (end - Int(sequence))
}

@inline(__always)
func fill(_ loan: inout Loan<Words>, _ sequence: UInt64) {
  var elements = loan.elements
  for index in elements.indices { elements[index] = sequence &+ UInt64(index) }
}

/// Reads every word. `more`: by how much the sum is greater.
@inline(__always)
func check(
  _ message: borrowing Message<Words>, _ sequence: UInt64, words: Int, more: UInt64 = 0
) -> Bool {
  let elements = message.elements
  guard elements.count == words else { return false }
  var sum: UInt64 = 0
  for index in elements.indices { sum &+= elements[index] }
  let count = UInt64(words)
  return elements[0] == sequence && sum == count &* sequence &+ count &* (count &- 1) / 2 &+ more
}

/// Bounces messages and times each round trip, after `idle` nanoseconds without any.
@inline(__always)
func ping(
  _ sender: inout Sender<Words>, _ receiver: inout Receiver<Words>, _ arguments: Arguments,
  idle: UInt64, trips: inout [UInt32]
) throws -> Int {
  var errors = 0
  let words = arguments.size / 8
  for sequence in 0..<arguments.end {
    if idle > 0 { cbench_sleep(idle) }
    let before = cbench_ticks()
    try send(&sender, sequence, sequence + 1, words: words)
    errors += try receive(&receiver, sequence, sequence + 1, words: words)
    let ticks = cbench_ticks() - before
    if sequence >= arguments.warmUp {
      trips[sequence - arguments.warmUp] = UInt32(clamping: ticks)
    }
  }
  return errors
}

@inline(__always)
func echo(
  _ sender: inout Sender<Words>, _ receiver: inout Receiver<Words>, _ arguments: Arguments
) throws -> Int {
  var errors = 0
  let words = arguments.size / 8
  for sequence in 0..<arguments.end {
    errors += try receive(&receiver, sequence, sequence + 1, words: words)
    try send(&sender, sequence, sequence + 1, words: words)
  }
  return errors
}
