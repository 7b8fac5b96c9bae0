import Psyne

/// The wheels: a small struct at each step.
func runWheels(_ readings: MPSCChannel<Mixed>) throws {
  // Each sender has a lane of its own: it never waits for the other sensors.
  var sender = try readings.sender()
  for step in 1...steps {
    try sender.send(Odometry(step: Int32(step), distance: 0.5))
  }
  // Leaving the function would close the end; until the planner has read it all, we stay.
  try sender.drain()
}

/// The range finder: a vector at each tenth step, written where the planner will read it.
func runRangeFinder(_ readings: MPSCChannel<Mixed>) throws {
  var sender = try readings.sender()
  for step in 1...steps / 10 {
    var scan = try sender.reserve(FloatVector.self, count: 360)
    for degree in 0..<360 { scan[degree] = Float(step) }
    scan.send()
  }
  try sender.drain()
}
