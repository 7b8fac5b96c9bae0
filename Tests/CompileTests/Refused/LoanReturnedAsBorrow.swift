// flags: -enable-experimental-feature Lifetimes
import PsyneCore

@_lifetime(borrow channel)
func loanReturned(_ channel: borrowing SPSCChannel<FloatVector>) throws -> Loan<FloatVector> {
  var sender = try channel.sender()
  // error: lifetime-dependent value escapes its scope
  return try sender.reserve(count: 4)
}
