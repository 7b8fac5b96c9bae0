import PsyneCore

// error: a function cannot return a ~Escapable result
func messageReturned(_ channel: SPSCChannel<FloatVector>) throws -> Message<FloatVector>? {
  var receiver = try channel.receiver()
  return try receiver.receive()
}
