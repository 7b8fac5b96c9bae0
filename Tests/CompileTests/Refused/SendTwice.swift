import PsyneCore

func sendTwice(_ sender: inout Sender<FloatVector>) throws {
  // error: 'loan' consumed more than once
  let loan = try sender.reserve(count: 4)
  loan.send()
  loan.send()
}
