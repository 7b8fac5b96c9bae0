import PsyneCore

func wrongElement(_ sender: inout Sender<FloatVector>) throws {
  var loan = try sender.reserve(count: 1)
  let number: Double = 1
  // error: cannot assign value of type 'Double' to subscript of type 'Float'
  loan[0] = number
}
