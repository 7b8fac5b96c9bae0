import PsyneCore

func receiverShared(_ channel: SPSCChannel<FloatVector>) async throws {
  var receiver = try channel.receiver()
  // error: sending 'receiver' risks causing data races
  async let other: Void = receiver.release()
  receiver.release()
  await other
}
