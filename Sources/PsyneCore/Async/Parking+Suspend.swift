internal import CPsyne

extension Parking {
  /// As ``wait(on:until:as:peers:isReady:)``, but suspends the task and lets the ``Reactor`` sleep for
  /// it.
  ///
  /// - Throws: also ``ChannelError/cancelled``, unless what is awaited is there.
  static func suspend(
    on sleeper: Sleeper, until deadline: Deadline, peers: Peers?,
    isReady: () throws(ChannelError) -> Bool
  ) async throws(ChannelError) -> Bool {
    if deadline.hasPassed { return false }
    var looks = Looks(peers)
    while true {
      let isFenced = sleeper.announce()
      defer { sleeper.withdraw() }
      if try isReady() { return true }
      // After the announcement: a death that we do not see now wakes us.
      if looks.look(), try isReady() { return true }
      if deadline.hasPassed { return false }
      var slice = min(deadline.nanoseconds, looks.next)
      if !isFenced { slice = min(slice, cpsyne_monotonic_ns() + fencelessNanoseconds) }
      let outcome = unsafe await Reactor.shared.wait(
        on: sleeper.word, expecting: 1, until: slice)
      if outcome == .cancelled {
        if try isReady() { return true }
        throw .cancelled
      }
      looks.wasWoken = outcome == .woken
    }
  }
}
