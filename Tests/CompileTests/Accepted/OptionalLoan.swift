import PsyneCore

func optionalLoan(_ sender: inout Sender<FloatVector>) throws -> Bool {
  let loan: Loan<FloatVector>? = try sender.tryReserve(count: 4)
  guard var loan else { return false }
  loan[0] = 1
  loan.send()
  return true
}

func dropped(_ sender: inout Sender<FloatVector>) throws {
  do {
    var loan = try sender.reserve(count: 4)
    loan[0] = 1
  }
  try sender.reserve(count: 4).send()
}

func fewer(_ sender: inout Sender<FloatVector>) throws {
  var loan = try sender.reserve(upTo: 1024)
  var elements = loan.elements
  elements[0] = 1
  loan.send(count: 1)
}
