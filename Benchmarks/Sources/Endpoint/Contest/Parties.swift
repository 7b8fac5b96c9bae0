internal import CBench
internal import PsyneCore

// The loops of a contest, the same for every kind of channel: the ends have one type.

let producerShift: UInt64 = 48

/// Sends until the referee stops it. `put` sends one message.
@inline(__always)
func produce<Body: MessageBody>(
  _ sender: consuming Sender<Body>, _ index: Int, _ board: Board,
  _ put: (inout Sender<Body>, UInt64) throws -> Void
) throws {
  try board.join()
  let first = UInt64(index) << producerShift
  var sequence = first
  while !board.isStopped {
    try put(&sender, sequence)
    sequence += 1
  }
  let count = sequence - first
  // The sum of an arithmetic sequence, modulo 2^64: one of the factors is even.
  let pairs = count % 2 == 0 ? count / 2 &* (count &- 1) : (count &- 1) / 2 &* count
  board.end(index, count: count, sum: count &* first &+ pairs, errors: 0)
  sender.close()
}

/// What a consumer has received.
struct Tally {
  var count: UInt64 = 0
  var sum: UInt64 = 0
  var errors: UInt64 = 0
  /// For each producer.
  private var next = InlineArray<16, UInt64> { UInt64($0) << producerShift }
  private let producers: UInt64
  /// Whether this consumer receives all there is.
  private let all: Bool

  init(_ arguments: ContestArguments) {
    producers = UInt64(arguments.producers)
    all = arguments.consumers == 1 || arguments.kind == .broadcast
  }

  @inline(__always)
  mutating func take(_ sequence: UInt64, isWhole: Bool) {
    let producer = Int(truncatingIfNeeded: sequence >> producerShift)
    if isWhole, producer < producers,
      all ? sequence == next[producer] : sequence >= next[producer]
    {
      next[producer] = sequence &+ 1
    } else {
      errors &+= 1
    }
    sum &+= sequence
    count &+= 1
  }
}

/// Receives until every sender has closed. `use` reads one message.
@inline(__always)
func consume<Body: MessageBody>(
  _ receiver: consuming Receiver<Body>, _ index: Int, _ board: Board,
  _ arguments: ContestArguments, _ use: (borrowing Message<Body>, inout Tally) -> Void
) throws {
  try board.join()
  let party = arguments.producers + index
  var tally = Tally(arguments)
  while let message = try receiver.receive() {
    use(message, &tally)
    if tally.count % 16 == 0 { board.count(party, tally.count) }
  }
  board.end(party, count: tally.count, sum: tally.sum, errors: tally.errors)
}
