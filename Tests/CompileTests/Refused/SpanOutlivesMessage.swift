import PsyneCore

func spanOutlivesMessage(_ channel: SPSCChannel<FloatVector>) throws -> Float {
  // error: lifetime-dependent variable 'elements' escapes its scope
  var elements: Span<Float>
  do {
    var receiver = try channel.receiver()
    guard let message = try receiver.receive() else { return 0 }
    elements = message.elements
  }
  return elements[0]
}
