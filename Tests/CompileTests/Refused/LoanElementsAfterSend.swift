import PsyneCore

func loanElementsAfterSend(_ sender: inout Sender<FloatVector>) throws {
  var loan = try sender.reserve(count: 4)
  // error: overlapping accesses to 'loan'
  var elements = loan.elements
  loan.send()
  elements[0] = 1
}
