import PsyneCore

func useAfterClose(_ channel: SPSCChannel<FloatVector>) throws -> Float {
  var receiver = try channel.receiver()
  // error: overlapping accesses to 'receiver'
  guard let message = try receiver.receive() else { return 0 }
  receiver.close()
  return message[0]
}
