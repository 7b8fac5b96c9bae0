import PsyneCore

func messageCaptured(_ receiver: inout Receiver<FloatVector>) throws {
  // error: lifetime-dependent variable 'message' escapes its scope
  guard let message = try receiver.receive() else { return }
  Task {
    print(message.count)
  }
}
