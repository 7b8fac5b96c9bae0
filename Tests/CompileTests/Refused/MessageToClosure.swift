import PsyneCore

func messageToClosure(_ receiver: inout Receiver<FloatVector>) throws -> () -> Int {
  // error: lifetime-dependent variable 'message' escapes its scope
  guard let message = try receiver.receive() else { return { 0 } }
  return { message.count }
}
