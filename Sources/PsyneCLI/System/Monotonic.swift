internal import Glibc

/// Nanoseconds of the clock that deadlines of threads are on.
enum Monotonic {
  static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// - Parameter timeout: nil is never.
  static func deadline(after timeout: Duration?) -> Int64 {
    guard let timeout else { return .max }
    let (seconds, attoseconds) = timeout.components
    let (nanoseconds, isTooMuch) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !isTooMuch else { return .max }
    let (deadline, isTooFar) = now.addingReportingOverflow(
      nanoseconds + attoseconds / 1_000_000_000)
    return isTooFar ? .max : deadline
  }
}
