import PsyneCore

func loanStored(_ sender: inout Sender<FloatVector>) throws {
  // error: does not conform to protocol 'Copyable'
  var kept: [Loan<FloatVector>] = []
  kept.append(try sender.reserve(count: 4))
}
