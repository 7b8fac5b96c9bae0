import PsyneCore

func sum(_ receiver: inout Receiver<FloatVector>) throws -> Float {
  var sum: Float = 0
  while let message = try receiver.receive() {
    for index in message.elements.indices { sum += message.elements[index] }
  }
  return sum
}

func poll(_ receiver: inout Receiver<Bytes>) throws(ChannelError) -> Int {
  var count = 0
  while let message = try receiver.tryReceive() { count += message.count }
  return count
}

func fill(_ sender: inout Sender<FloatVector>) throws(ChannelError) -> Int {
  var count = 0
  while var loan = try sender.tryReserve(count: 8) {
    loan[0] = Float(count)
    loan.stage()
    count += 1
  }
  sender.publish()
  return count
}

// The next message is received, and the last one released, when the name of the one before it has
// gone out of scope.
func scopes(_ receiver: inout Receiver<FloatVector>) throws -> [Float] {
  var kept: [Float] = []
  if let first = try receiver.receive() { kept.append(first[0]) }
  do {
    guard let second = try receiver.receive() else { return kept }
    let elements = second.elements
    kept.append(elements[0])
  }
  receiver.release()
  if let count = try receiver.tryReceive()?.count { kept.append(Float(count)) }
  return kept
}
