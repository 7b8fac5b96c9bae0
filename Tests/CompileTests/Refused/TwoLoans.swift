import PsyneCore

func twoLoans(_ sender: inout Sender<FloatVector>) throws {
  // error: overlapping accesses to 'sender'
  var first = try sender.reserve(count: 4)
  let second = try sender.reserve(count: 4)
  first[0] = 1
  first.send()
  second.send()
}
