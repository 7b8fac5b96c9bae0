import PsyneCore

func senderCopied(_ channel: SPSCChannel<FloatVector>) throws {
  // error: 'one' used after consume
  var one = try channel.sender()
  var two = one
  try one.reserve(count: 1).send()
  try two.reserve(count: 1).send()
}
