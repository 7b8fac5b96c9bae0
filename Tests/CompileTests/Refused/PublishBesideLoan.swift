import PsyneCore

func publishBesideLoan(_ sender: inout Sender<FloatVector>) throws {
  // error: overlapping accesses to 'sender'
  let loan = try sender.reserve(count: 4)
  sender.publish()
  loan.send()
}
