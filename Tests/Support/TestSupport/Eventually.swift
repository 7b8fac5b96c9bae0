internal import Glibc

/// What was awaited did not come.
public struct TimedOut: Error, CustomStringConvertible {
  public let description: String

  public init(_ what: String) { description = "gave up waiting until \(what)" }
}

/// How long a test waits for what must come. Generous: it only ends what hangs.
/// Full counts take longer, and other things may be busy beside them.
public let watchdog = Duration.seconds(isVerifying ? 1200 : 120)

/// Waits until `condition` holds.
public func eventually(
  _ what: String, within limit: Duration = watchdog, _ condition: () throws -> Bool
) throws {
  let giveUp = ContinuousClock.now + limit
  while try !condition() {
    guard ContinuousClock.now < giveUp else { throw TimedOut(what) }
    usleep(500)
  }
}

/// Lets time pass: for a random moment, or where the passing of time is what is tested.
public func pass(microseconds: UInt64) {
  let end = ContinuousClock.now + .microseconds(Int64(microseconds))
  // In parts, so that an interruption by a signal does no harm.
  while ContinuousClock.now < end {
    let rest = (end - ContinuousClock.now) / .microseconds(1)
    usleep(UInt32(min(max(rest, 1), 100_000)))
  }
}

/// Whether the long variants of the tests run.
public let isVerifying: Bool = unsafe getenv("PSYNE_VERIFY") != nil
