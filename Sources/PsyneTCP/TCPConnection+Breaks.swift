internal import CPsyne
internal import PsyneCore
internal import Synchronization

// Under the baton, but for what is said of a dial.
extension TCPConnection {
  /// Lets go of a socket.
  func drop() {
    guard let socket else { return }
    engine.unwatch(socket)
    socket.close()
    self.socket = nil
    stream = nil
    isBlocked = false
    link.disconnect()
  }

  func breakOff(_ reason: String, _ now: Int64) {
    noteMeeting()
    drop()
    if link.mayEnd || closesAt != .max && link.isDelivered { return end(.closed) }
    if link.phase == .failed { return }
    note(reason)
    // A connector that has met nobody yet has as long as whoever waits for it gives it.
    if failsAt == .max, hasMet || target == nil {
      failsAt = now + options.resume.nanoseconds
      if hasMet { tell(.interrupted(reason)) }
    }
    guard target != nil else { return engine.call(ownTag, at: min(failsAt, closesAt)) }
    redialsAt = now + Backoff.delay(attempts)
    attempts += 1
    engine.call(ownTag, at: redialsAt)
  }

  private func note(_ reason: String) {
    lastReason = reason
    lastBreak.withLock { $0 = reason }
  }

  /// Connects anew, on a thread that may block.
  func redial() {
    guard let target else { return }
    isDialing = true
    redialsAt = .max
    let deadline = min(
      failsAt, cpsyne_monotonic_ns() + ChannelOptions.defaultConnectTimeout.nanoseconds)
    let isStarted = Dialing.run { [options, weak self] in
      do throws(TransportError) {
        let socket = try Dialer.dial(target, options, until: deadline)
        guard let self else { return socket.close() }
        self.adopt(socket)
      } catch {
        self?.dialFailed(error.message)
      }
    }
    if !isStarted {
      isDialing = false
      redialsAt = cpsyne_monotonic_ns() + Backoff.delay(attempts)
    }
  }

  private func dialFailed(_ reason: String) {
    failedDial.withLock { $0 = reason }
    run(.tick)
  }

  func noteFailedDial(_ now: Int64) {
    guard let reason = failedDial.withLock({ $0.take() }), socket == nil else { return }
    isDialing = false
    note(reason)
    redialsAt = now + Backoff.delay(attempts)
    attempts += 1
  }
}
