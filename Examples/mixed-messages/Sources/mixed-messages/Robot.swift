import Psyne

/// A message of our own: a fixed-size struct of numbers. Ids from 1000 are free for that.
struct Pose: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var x, y, heading: Double
}

/// What the robot's thread does: it sends poses, range scans, a map and remarks down one channel.
func drive(_ channel: SPSCChannel<Mixed>) throws {
  // An end belongs to the thread that uses it, so it is claimed here.
  var sender = try channel.sender()
  try sender.send("starting")

  for step in 0..<3 {
    try sender.send(Pose(x: Double(step), y: 0.5, heading: 0))

    var scan = try sender.reserve(FloatVector.self, count: 360)
    for degree in 0..<360 { scan[degree] = Float(step) + Float(degree) / 360 }
    scan.send()
  }

  var map = try sender.reserve(DoubleMatrix.self, rows: 2, columns: 3)
  for row in 0..<2 {
    for column in 0..<3 { map[row, column] = Double(10 * row + column) }
  }
  map.send()

  try sender.send("arrived")
  // Leaving the function closes the end: the reader gets what was sent, and then nil.
}
