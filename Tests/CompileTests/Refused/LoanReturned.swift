import PsyneCore

// error: a function cannot return a ~Escapable result
func loanReturned(_ channel: SPSCChannel<FloatVector>) throws -> Loan<FloatVector> {
  var sender = try channel.sender()
  return try sender.reserve(count: 4)
}
