import Psyne

// Messages by number: what a sender sends and a receiver expects.

/// Lengths from none on, with some long ones among them.
func length(_ number: Int) -> Int { number % 97 == 0 ? number % 3000 : number % 61 }

func sendNumbers(
  _ numbers: Range<Int>, _ sender: inout Sender<Vector<UInt32>>
) throws(ChannelError) {
  for number in numbers {
    let count = length(number)
    var loan = try sender.reserve(count: count + 1)
    loan[0] = UInt32(number)
    for index in 0..<count { loan[1 + index] = UInt32(truncatingIfNeeded: number &* 31 &+ index) }
    loan.send()
  }
}

/// The number of a message; -1 if it is none that was sent.
func number(of message: borrowing Message<Vector<UInt32>>) -> Int {
  guard message.count > 0 else { return -1 }
  let number = Int(message[0])
  guard message.count == length(number) + 1 else { return -1 }
  for index in 0..<message.count - 1
  where message[1 + index] != UInt32(truncatingIfNeeded: number &* 31 &+ index) { return -1 }
  return number
}

/// Receives so many, which must come in order; returns the first that did not.
func receiveNumbers(
  _ numbers: Range<Int>, _ receiver: inout Receiver<Vector<UInt32>>
) throws(ChannelError) -> Int? {
  for expected in numbers {
    guard let message = try receiver.receive() else { return expected }
    let number = number(of: message)
    if number != expected { return expected }
  }
  return nil
}
