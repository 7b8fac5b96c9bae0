import Psyne

let channel = try SPSCChannel<FloatVector>("ipc://pipeline")
var receiver = try channel.receiver()
print("Consumer connected to ipc://pipeline")

var processed = 0

do {
  // Waits for the next message, and is nil when the producer has closed.
  while let data = try receiver.receive() {
    // The elements are read where the producer wrote them. A Float sums whole numbers exactly up to
    // 16 million only, so the sum is a Double.
    let elements = data.elements
    var sum = 0.0
    for index in elements.indices { sum += Double(elements[index]) }

    processed += data.count
    if processed % (100 * 1024) == 0 {
      print("Processed \(processed / 1024)K floats, last sum: \(sum)")
    }
  }
  print("Consumer done: the producer has closed")
} catch ChannelError.peerDied {
  // Everything it had sent was received before this.
  print("Consumer done: the producer died after \(processed / 1024)K floats")
}
