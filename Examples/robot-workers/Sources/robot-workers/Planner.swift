import Psyne
import Synchronization

/// Listens to the sensors, and sends poses to all and jobs to the workers.
///
/// A listener calls its handlers on one thread, one message after the other. They may be called by
/// that thread alone, but the compiler cannot know: so what they change is behind a lock.
final class Planner: Sendable {
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var x = 0.0
    var scans = 0
    var poses: Sender<Pose>
    var jobs: Sender<Job>
  }

  init(_ poses: BroadcastChannel<Pose>, _ jobs: SPMCChannel<Job>) throws {
    state = Mutex(State(poses: try poses.sender(), jobs: try jobs.sender()))
  }

  /// Starts the thread. Each type of message has its handler; the types of a mixed channel that have
  /// none are counted and reported.
  func listen(to readings: MPSCChannel<Mixed>) throws -> Listener {
    try readings.listen { handlers in
      handlers.on(Odometry.self) { reading in try self.moved(by: reading.value) }
      handlers.on(FloatVector.self) { scan in try self.saw(scan.elements) }
    }
  }

  private func moved(by reading: Odometry) throws {
    try state.withLock { state in
      state.x += Double(reading.distance)
      try state.poses.send(Pose(x: state.x))
    }
  }

  private func saw(_ scan: Span<Float>) throws {
    // Nothing was copied: these are the floats that the range finder wrote.
    var sum: Float = 0
    for index in scan.indices { sum += scan[index] }
    try state.withLock { state in
      state.scans += 1
      try state.jobs.send(Job(number: Int(sum) / scan.count))
    }
  }

  /// How far it came. Dropped with the planner, its senders close: readers and workers then end.
  var report: (x: Double, scans: Int) { state.withLock { ($0.x, $0.scans) } }
}
