internal import PsyneCore

// The loops of a user who sends a struct of their own: 64 bytes, no header.

struct Sample: FixedSizeMessage {
  static let messageType: MessageType = 1000
  var sequence, a, b, c, d, e, f, g: UInt64

  init(_ sequence: UInt64) {
    self.sequence = sequence
    a = sequence &+ 1
    b = sequence &+ 2
    c = sequence &+ 3
    d = sequence &+ 4
    e = sequence &+ 5
    f = sequence &+ 6
    g = sequence &+ 7
  }

  var sum: UInt64 { sequence &+ a &+ b &+ c &+ d &+ e &+ f &+ g }
}

@inline(__always)
func send(_ sender: inout Sender<Sample>, _ first: Int, _ end: Int) throws {
  for sequence in UInt64(first)..<UInt64(end) { try sender.send(Sample(sequence)) }
}

@inline(__always)
func receive(_ receiver: inout Receiver<Sample>, _ first: Int, _ end: Int) throws -> Int {
  var sequence = UInt64(first)
  var errors = 0
  while sequence < UInt64(end), let message = try receiver.receive() {
    let sample = message.value
    if sample.sequence != sequence || sample.sum != 8 &* sequence &+ 28 { errors += 1 }
    sequence += 1
  }
  return errors + (end - Int(sequence))
}
