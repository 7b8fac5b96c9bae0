import PsyneCore

func forward<Body: ResizableBody>(
  _ receiver: inout Receiver<Body>, _ sender: inout Sender<Body>
) throws(ChannelError) {
  while let message = try receiver.receive() {
    var loan = try sender.reserve(count: message.count)
    loan.fill(from: message.elements)
    loan.send()
  }
}

func each<Body: MessageBody>(
  of receiver: inout Receiver<Body>, _ body: (borrowing Message<Body>) -> Void
) throws(ChannelError) {
  while let message = try receiver.receive() { body(message) }
}

struct Worker: ~Copyable {
  var receiver: Receiver<FloatVector>
  var sender: Sender<Bytes>

  mutating func step() throws(ChannelError) -> Bool {
    guard let count = try receiver.receive(timeout: .zero)?.count else { return false }
    var loan = try sender.reserve(count: 1)
    loan[0] = UInt8(count)
    loan.send()
    return true
  }
}
