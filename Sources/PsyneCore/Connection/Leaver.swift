internal import CPsyne

/// A carrier whose other side waits for this one to come back, unless it hears that nobody will.
package protocol Leaver: Carrier {
  /// Ends the connection as ``Carrier/abandon()`` does, but tells the other side first. Does not wait.
  func leave()
  /// Blocks until it has ended, or until `deadline` in monotonic nanoseconds.
  func awaitEnd(until deadline: Int64)
}

extension Carrier {
  func leave(within patience: Duration) {
    if let leaver = self as? any Leaver {
      leaver.leave()
      leaver.awaitEnd(until: cpsyne_monotonic_ns() + patience.nanoseconds)
    }
    abandon()
  }
}
