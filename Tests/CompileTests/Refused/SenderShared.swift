import PsyneCore

func senderShared(_ channel: SPSCChannel<FloatVector>) throws {
  var sender = try channel.sender()
  // error: sending value of non-Sendable type '() async throws -> ()' risks causing data races
  Task {
    try sender.reserve(count: 1).send()
  }
  try sender.reserve(count: 1).send()
}
