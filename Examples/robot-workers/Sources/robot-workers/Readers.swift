import Psyne

/// Reads every pose until the planner closes. Several of these read the same channel, and each gets all
/// of it.
func follow(_ receiver: consuming Receiver<Pose>) throws -> (count: Int, last: Double) {
  var result = (count: 0, last: 0.0)
  // A batch is one look at the channel for as many messages as are there.
  while let poses: Message<Pose> = try receiver.receive(batch: 64) {
    result.count += poses.count
    result.last = poses[poses.count - 1].x
  }
  return result
}
