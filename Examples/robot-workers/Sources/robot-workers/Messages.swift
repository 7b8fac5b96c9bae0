import Psyne

// Structs of numbers. Ids from 1000 are free for a program's own types.

/// What the wheels say.
struct Odometry: FixedSizeMessage {
  static let messageType: MessageType = 1001
  var step: Int32
  var distance: Float
}

/// Where the robot is, for everybody who wants to know.
struct Pose: FixedSizeMessage {
  static let messageType: MessageType = 1002
  var x: Double
}

/// Something to work on, for whoever is free.
struct Job: FixedSizeMessage {
  static let messageType: MessageType = 1003
  var number: Int
}

let steps = 1000
