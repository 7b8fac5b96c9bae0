import PsyneCore

func useAfterStage(_ sender: inout Sender<FloatVector>) throws {
  // error: 'loan' consumed more than once
  let loan = try sender.reserve(count: 4)
  loan.stage()
  loan.send()
}
