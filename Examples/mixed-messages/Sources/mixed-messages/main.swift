import Foundation
import Psyne

// A channel between two threads of this process. With ipc:// it would be one between two processes.
let channel = try SPSCChannel<Mixed>("memory://robot")
var receiver = try channel.receiver()

// The channel may go to any thread; its ends stay where they were claimed.
Thread.detachNewThread { [channel] in
  do { try drive(channel) } catch { print("robot: \(error)") }
}

while let message = try receiver.receive() {
  switch message.type {
  case Text.messageType:
    if let text = try message.as(Text.self)?.string { print("remark: \(text)") }
  case Pose.messageType:
    if let pose = try message.as(Pose.self)?.value { print("pose:   x \(pose.x), y \(pose.y)") }
  case FloatVector.messageType:
    if let scan = try message.as(FloatVector.self) {
      print("scan:   \(scan.count) ranges, the last is \(scan[scan.count - 1])")
    }
  case DoubleMatrix.messageType:
    if let map = try message.as(DoubleMatrix.self) {
      print(
        "map:    \(map.rows) x \(map.columns), the last is \(map[map.rows - 1, map.columns - 1])")
    }
  default:
    print("a message of type \(message.type), which we do not know: \(message.count) bytes")
  }
}
print("the robot has closed the channel")
