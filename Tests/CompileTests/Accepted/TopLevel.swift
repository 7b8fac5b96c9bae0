import PsyneCore

let registry = TransportRegistry([MemoryTransport()])
let channel = try SPSCChannel<FloatVector>(
  "memory://sensor_data", capacity: .mebibytes(10), registry: registry)
var sender = try channel.sender()
do {
  var samples = try sender.reserve(count: 1024)
  for i in 0..<1024 { samples[i] = Float(i) }
  samples.send()
}

var receiver = try channel.receiver()
if let message = try receiver.receive(timeout: .seconds(1)) {
  print(message.count, message.elements[3])
}
