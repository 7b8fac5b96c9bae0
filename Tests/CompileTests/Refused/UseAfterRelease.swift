import PsyneCore

func useAfterRelease(_ receiver: inout Receiver<FloatVector>) throws -> Float {
  // error: overlapping accesses to 'receiver'
  guard let message = try receiver.receive() else { return 0 }
  receiver.release()
  return message[0]
}
