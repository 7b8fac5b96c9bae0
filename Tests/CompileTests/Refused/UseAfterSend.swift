import PsyneCore

func useAfterSend(_ sender: inout Sender<FloatVector>) throws {
  // error: 'loan' used after consume
  var loan = try sender.reserve(count: 4)
  loan.send()
  loan[0] = 1
}
