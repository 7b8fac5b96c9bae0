import PsyneCore

func loanOutlivesSender(_ channel: SPSCChannel<FloatVector>) throws {
  var sender = try channel.sender()
  // error: overlapping accesses to 'sender'
  let loan = try sender.reserve(count: 4)
  sender.close()
  loan.send()
}
