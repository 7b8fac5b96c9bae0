import PsyneCore

final class Shared: Sendable {
  let sender: Sender<FloatVector>

  init(_ sender: consuming Sender<FloatVector>) { self.sender = sender }
}

/// Two threads must not wait at one end: only one of them would be woken.
func awaitShared(_ shared: Shared) throws {
  // error: cannot use mutating member on immutable value
  try shared.sender.awaitReceiver()
}
