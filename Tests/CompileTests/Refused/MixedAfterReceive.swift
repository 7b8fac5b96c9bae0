import PsyneCore

func mixedAfterReceive(_ receiver: inout Receiver<Mixed>) throws -> Float {
  // error: overlapping accesses to 'receiver'
  guard let message = try receiver.receive() else { return 0 }
  guard let floats = try message.as(FloatVector.self) else { return 0 }
  _ = try receiver.receive()
  return floats[0]
}
