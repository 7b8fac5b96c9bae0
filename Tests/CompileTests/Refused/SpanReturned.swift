import PsyneCore

// error: a function cannot return a ~Escapable result
func spanReturned(_ channel: SPSCChannel<FloatVector>) throws -> Span<Float> {
  var receiver = try channel.receiver()
  guard let message = try receiver.receive() else { fatalError() }
  return message.elements
}
