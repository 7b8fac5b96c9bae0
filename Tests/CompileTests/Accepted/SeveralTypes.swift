import PsyneCore

struct Pose: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var x, y: Double
}

func mixed(_ sender: inout Sender<Mixed>, _ receiver: inout Receiver<Mixed>) throws -> Double {
  try sender.send(Pose(x: 1, y: 2))
  try sender.send("text")
  var floats = try sender.reserve(FloatVector.self, count: 2)
  floats[0] = 1
  floats.send()
  var sum = 0.0
  while let message = try receiver.receive() {
    switch message.type {
    case .floatVector:
      if let floats = try message.as(FloatVector.self) { sum += Double(floats[0]) }
    case Pose.messageType:
      if let pose = try message.as(Pose.self) { sum += pose.value.x }
    default: break
    }
  }
  return sum
}

func batches(_ receiver: inout Receiver<Bytes>) throws -> Int {
  var sum = 0
  while var batch = try receiver.receive(batch: 64) {
    while let message = try batch.next() { sum += message.count }
  }
  return sum
}
