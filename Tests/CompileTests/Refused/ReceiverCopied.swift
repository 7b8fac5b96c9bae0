import PsyneCore

func receiverCopied(_ channel: SPSCChannel<FloatVector>) throws {
  // error: 'one' used after consume
  var one = try channel.receiver()
  var two = one
  one.release()
  two.release()
}
