import PsyneCore

struct Pose: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var x, y, heading: Double
}

struct Sample: MessageElement {
  static let vectorType: MessageType = 1002
  var time: UInt64
  var value: Float
}

func poses(_ registry: TransportRegistry) throws -> Double {
  let channel: SPSCChannel<Pose> = try registry.open("memory://poses")
  var sender = try channel.sender()
  try sender.send(Pose(x: 1, y: 2, heading: 3))
  var loan = try sender.reserve()
  loan.value.x = 4
  loan.send()
  var batch = try sender.reserve(batch: 8)
  batch[7] = Pose(x: 0, y: 0, heading: 0)
  batch.send(count: 8)
  var receiver = try channel.receiver()
  var sum = 0.0
  if let pose = try receiver.receive() { sum += pose.value.x }
  if let poses: Message<Pose> = try receiver.receive(batch: 16) { sum += poses.elements[0].y }
  return sum
}

func samples(_ sender: inout Sender<Vector<Sample>>) throws {
  var loan = try sender.reserve(count: 1)
  loan[0] = Sample(time: 1, value: 2)
  loan.send()
}
