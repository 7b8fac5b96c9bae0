import Foundation
import Psyne

// Channels of this process's threads and tasks. With ipc:// they would join processes.
let readings = try MPSCChannel<Mixed>("memory://readings", producers: 2)
let poses = try BroadcastChannel<Pose>("memory://poses", consumers: 2)
let jobs = try SPMCChannel<Job>("memory://jobs", consumers: 2)

/// Runs `body` on a thread of its own and waits for it in a task.
func onThread<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
  }
}

/// Claims an end where it is used, and says so.
@Sendable func reader(_ name: String) throws -> (count: Int, last: Double) {
  let result = try follow(try poses.receiver())
  print("\(name): \(result.count) poses, the last at \(result.last)")
  return result
}

var planner: Planner? = try Planner(poses, jobs)

// Whoever listens to a broadcast hears what is sent after it has come: so readers come first.
async let display = onThread { try reader("display") }
async let log = onThread { try reader("log") }
async let worker = work(on: jobs)
async let colleague = work(on: jobs)
while poses.statistics.receivers.contains(where: { !$0.isAttached }) { await Task.yield() }

let listener = try planner!.listen(to: readings)
async let wheels: Void = onThread { try runWheels(readings) }
async let rangeFinder: Void = onThread { try runRangeFinder(readings) }
_ = try await (wheels, rangeFinder)

// Everything was read and handled: the sensors have waited for that.
listener.stop()
let report = planner!.report
print("planner: \(report.scans) scans, the robot is at \(report.x)")
planner = nil

let seen = try await (display, log)
let done = try await (worker, colleague)
print("workers: \(done.0.count + done.1.count) jobs")

// Every pose to both readers, every job to one worker.
precondition(seen.0.count == steps && seen.1.count == steps && seen.0.last == Double(steps) / 2)
precondition((done.0 + done.1).sorted() == Array(1...steps / 10))
precondition(listener.unknownMessages == 0)
print("everything arrived")
