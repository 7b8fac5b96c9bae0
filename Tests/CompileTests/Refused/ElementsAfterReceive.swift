import PsyneCore

func elementsAfterReceive(_ receiver: inout Receiver<FloatVector>) throws -> Float {
  // error: overlapping accesses to 'receiver'
  guard let message = try receiver.receive() else { return 0 }
  let elements = message.elements
  _ = try receiver.receive()
  return elements[0]
}
