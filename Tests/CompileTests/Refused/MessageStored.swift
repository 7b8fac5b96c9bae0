import PsyneCore

func messageStored(_ receiver: inout Receiver<FloatVector>) throws {
  // error: does not conform to protocol 'Escapable'
  var kept: [Message<FloatVector>] = []
  while let message = try receiver.receive() { kept.append(message) }
}
