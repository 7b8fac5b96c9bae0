import PsyneCore

// A loop that does what none should, to show that it is found out.

final class Box {
  let value: Int
  init(_ value: Int) { self.value = value }
}

nonisolated(unsafe) var lastBox: Box?
nonisolated(unsafe) var sameBox: Box?

@inline(never)
func receiveControl(_ receiver: inout Receiver<Bytes>, _ count: Int) throws(ChannelError) -> Int {
  var sum = 0
  for _ in 0..<count {
    guard let message = try receiver.tryReceive() else { break }
    let box = Box(message.count)
    unsafe lastBox = box
    unsafe sameBox = box
    sum += message.count
  }
  receiver.release()
  return sum
}
