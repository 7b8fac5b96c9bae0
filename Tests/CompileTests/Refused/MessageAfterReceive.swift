import PsyneCore

func messageAfterReceive(_ receiver: inout Receiver<FloatVector>) throws -> Float {
  // error: overlapping accesses to 'receiver'
  guard let first = try receiver.receive() else { return 0 }
  guard let second = try receiver.receive() else { return 0 }
  return first[0] + second[0]
}
