import PsyneCore

func writeToMessage(_ receiver: inout Receiver<FloatVector>) throws {
  guard var message = try receiver.receive() else { return }
  // error: cannot assign through subscript: subscript is get-only
  message[0] = 1
}
