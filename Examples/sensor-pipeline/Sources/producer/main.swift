import Glibc
import Psyne

// Messages a second; 0 is as fast as it goes.
let pace = CommandLine.arguments.count > 1 ? UInt32(CommandLine.arguments[1]) ?? 100 : 100

// Whoever comes first, producer or consumer, creates the channel.
let channel = try SPSCChannel<FloatVector>("ipc://pipeline")
var sender = try channel.sender()
print("Producer started on ipc://pipeline")

do {
  for i in 0..<1000 {
    // Room in the channel itself. If the consumer is slow and the channel full, this waits.
    var data = try sender.reserve(count: 1024)
    for j in 0..<1024 { data[j] = Float(i * 1024 + j) }
    data.send()
    if pace > 0 { usleep(1_000_000 / pace) }
  }
  // Wait until the consumer has read everything; it then sees an orderly end.
  try sender.drain()
  print("Producer done: 1000 vectors were received")
} catch {
  print("Producer: \(error)")
  exit(1)
}
