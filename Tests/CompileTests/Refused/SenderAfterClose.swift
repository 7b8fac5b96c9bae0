import PsyneCore

func senderAfterClose(_ channel: SPSCChannel<FloatVector>) throws {
  // error: 'sender' used after consume
  var sender = try channel.sender()
  sender.close()
  try sender.reserve(count: 1).send()
}
