import PsyneCore

// The channel goes to the task, and the end is claimed there.
func hands(_ channel: SPSCChannel<FloatVector>) async throws {
  let sending = Task.detached {
    var sender = try channel.sender()
    try sender.reserve(count: 1).send()
  }
  var receiver = try channel.receiver()
  _ = try receiver.receive()
  try await sending.value
}

// An end itself can be handed on: it has one owner at a time.
func moves(_ sender: consuming Sender<FloatVector>) async throws {
  try await sender.reserve(count: 1).send()
}

func gives(_ channel: SPSCChannel<FloatVector>) async throws {
  let sender = try channel.sender()
  try await moves(sender)
}
