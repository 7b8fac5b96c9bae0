import PsyneCore

// The loops of a client, as anybody would write them. Their names are looked for in the
// disassembly: nothing is called in them but what waits.

struct Pose: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var x, y, heading: Double
}

@inline(never)
func sendVectors(_ sender: inout Sender<FloatVector>, _ count: Int) throws(ChannelError) {
  for number in 0..<count {
    var loan = try sender.reserve(count: 16)
    for index in 0..<16 { loan[index] = Float(number &+ index) }
    loan.send()
  }
}

@inline(never)
func receiveVectors(_ receiver: inout Receiver<FloatVector>, _ count: Int) throws(ChannelError)
  -> Float
{
  var sum: Float = 0
  for _ in 0..<count {
    guard let message = try receiver.receive() else { break }
    let elements = message.elements
    for index in elements.indices { sum += elements[index] }
  }
  return sum
}

@inline(never)
func sendStructs(_ sender: inout Sender<Pose>, _ count: Int) throws(ChannelError) {
  for number in 0..<count { try sender.send(Pose(x: Double(number), y: 1, heading: 2)) }
}

@inline(never)
func receiveStructs(_ receiver: inout Receiver<Pose>, _ count: Int) throws(ChannelError) -> Double {
  var sum = 0.0
  for _ in 0..<count {
    guard let message = try receiver.receive() else { break }
    sum += message.value.x
  }
  return sum
}

@inline(never)
func sendBytes(_ sender: inout Sender<Bytes>, _ count: Int) throws(ChannelError) {
  for number in 0..<count {
    guard var loan = try sender.tryReserve(count: 64) else { break }
    loan[number & 63] = 1
    if number & 1 == 0 { loan.send(count: 40) } else { loan.stage() }
  }
  sender.publish()
}

@inline(never)
func receiveBytes(_ receiver: inout Receiver<Bytes>, _ count: Int) throws(ChannelError) -> Int {
  var sum = 0
  for _ in 0..<count {
    guard let message = try receiver.tryReceive() else { break }
    sum += message.count
  }
  receiver.release()
  return sum
}

@inline(never)
func sendMixed(_ sender: inout Sender<Mixed>, _ count: Int) throws(ChannelError) {
  for number in 0..<count {
    if number & 1 == 0 {
      try sender.send(Pose(x: 1, y: 2, heading: 3))
    } else {
      var loan = try sender.reserve(FloatVector.self, count: 4)
      loan[0] = 1
      loan.send()
    }
  }
}

@inline(never)
func receiveMixed(_ receiver: inout Receiver<Mixed>, _ count: Int) throws(ChannelError) -> Double {
  var sum = 0.0
  for _ in 0..<count {
    guard let message = try receiver.receive() else { break }
    switch message.type {
    case Pose.messageType:
      if let pose = try message.as(Pose.self) { sum += pose.value.x }
    case .floatVector:
      if let floats = try message.as(FloatVector.self) { sum += Double(floats[0]) }
    default: break
    }
  }
  return sum
}

@inline(never)
func sendBatches(_ sender: inout Sender<Pose>, _ count: Int) throws(ChannelError) {
  for _ in 0..<count / 16 {
    var loan = try sender.reserve(batch: 16)
    for index in 0..<16 { loan[index] = Pose(x: Double(index), y: 1, heading: 2) }
    loan.send()
  }
}

@inline(never)
func receiveBatches(_ receiver: inout Receiver<Pose>, _ count: Int) throws(ChannelError) -> Double {
  var sum = 0.0
  var received = 0
  while received < count {
    let poses: Message<Pose>? = try receiver.receive(batch: 16)
    guard let poses else { break }
    let elements = poses.elements
    for index in elements.indices { sum += elements[index].x }
    received += elements.count
  }
  return sum
}

@inline(never)
func receiveNext(
  _ receiver: inout Receiver<Pose>, _ count: Int
) async throws(ChannelError) -> Double {
  var sum = 0.0
  for _ in 0..<count {
    guard let message = try await receiver.next() else { break }
    sum += message.value.x
  }
  return sum
}
