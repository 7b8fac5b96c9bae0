import PsyneCore

func pause() async {}

func sends(_ channel: SPSCChannel<FloatVector>) async throws {
  var sender = try channel.sender()
  var loan = try await sender.reserve(count: 4)
  loan[0] = 1
  await pause()
  loan[1] = 2
  loan.send()
}

func receives(_ channel: SPSCChannel<FloatVector>) async throws -> Float {
  var receiver = try channel.receiver()
  guard let message = try receiver.receive() else { return 0 }
  let elements = message.elements
  await pause()
  return elements[0] + message[1]
}
