// flags: -enable-experimental-feature Lifetimes
import PsyneCore

@_lifetime(borrow channel)
func messageReturned(
  _ channel: borrowing SPSCChannel<FloatVector>
) throws -> Message<FloatVector>? {
  var receiver = try channel.receiver()
  // error: lifetime-dependent value escapes its scope
  return try receiver.receive()
}
