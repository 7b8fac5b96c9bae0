import PsyneCore

func loanCaptured(_ sender: inout Sender<FloatVector>) throws {
  // error: lifetime-dependent value escapes its scope
  let loan = try sender.reserve(count: 4)
  Task {
    print(loan.count)
  }
}
