internal import PsyneCore

// Both ways to send 64 bytes, from the first claim of an end to its close.

func produceStructs(_ sender: consuming Sender<Sample>, _ index: Int, _ board: Board) throws {
  try produce(sender, index, board) { sender, sequence in try sender.send(Sample(sequence)) }
}

func consumeStructs(
  _ receiver: consuming Receiver<Sample>, _ index: Int, _ board: Board,
  _ arguments: ContestArguments
) throws {
  try consume(receiver, index, board, arguments) { message, tally in
    let sample = message.value
    let sequence = sample.sequence
    tally.take(sequence, isWhole: sample.sum == 8 &* sequence &+ 28)
  }
}

func produceVectors(_ sender: consuming Sender<Words>, _ index: Int, _ board: Board) throws {
  try produce(sender, index, board) { sender, sequence in
    var loan = try sender.reserve(count: 8)
    fill(&loan, sequence)
    loan.send()
  }
}

func consumeVectors(
  _ receiver: consuming Receiver<Words>, _ index: Int, _ board: Board,
  _ arguments: ContestArguments
) throws {
  try consume(receiver, index, board, arguments) { message, tally in
    let elements = message.elements
    let sequence = elements.count > 0 ? elements[0] : 0
    tally.take(sequence, isWhole: check(message, sequence, words: 8))
  }
}
