internal import Psyne

extension SendCommand {
  /// Sends what `pump` reads to whoever listens.
  func sendConnected<Body: ResizableBody & SendableMetatype>(
    _ body: Body.Type, _ total: Int?, pump: (inout Sender<Body>, inout Progress) throws -> Void
  ) throws {
    var progress = progress(total, waitingFor: "a receiver at \(channel.uri)")
    let connection = try channel.connect(to: body)
    var sender = try connection.sender()
    do {
      try pump(&sender, &progress)
      try sender.drain(timeout: channel.timeout?.duration)
    } catch {
      let reason = connection.failure
      let wasRestarted = connection.wasRestarted
      // What arrived is not all: that must not look like an orderly end.
      connection.leave()
      if wasRestarted { throw restarted }
      guard let reason, error as? ChannelError == .peerDied else { throw explained(error) }
      throw Failure(.unavailable, "the connection with \(connection.peer) failed: \(reason)")
    }
    sender.close()
    let codec = connection.codecStatistics
    connection.close()
    if connection.wasRestarted { throw restarted }
    finish(progress, codec)
  }

  private var restarted: Failure {
    Failure(
      .unavailable, "the receiver was started again, and has nothing of what the first one had read"
    )
  }

  /// Sends what `pump` reads to whoever connects.
  func sendListening<Body: ResizableBody & SendableMetatype>(
    _ body: Body.Type, _ total: Int?, pump: (inout Fan<Body>, inout Progress) throws -> Void
  ) throws {
    let listener = try channel.listen(for: body)
    var progress = progress(total, waitingFor: "a receiver at \(listener.server.address)")
    var leftEarly = 0
    do {
      var fan = try awaitReceivers(of: listener)
      do {
        try pump(&fan, &progress)
        try fan.drain(timeout: channel.timeout?.duration)
      } catch {
        fan.abandon()
        throw explained(error)
      }
      leftEarly = fan.leftEarly
    }
    let died = listener.roster.counts.died
    listener.close()
    if died > 0 {
      throw Failure(
        .unavailable,
        "\(died == 1 ? "a receiver" : "\(died) receivers") died before it had read everything")
    }
    if leftEarly > 0 {
      throw Failure(
        .unavailable,
        "\(leftEarly == 1 ? "a receiver" : "\(leftEarly) receivers") left before everything that was sent to it was read"
      )
    }
    finish(progress, listener.server.codecStatistics)
  }

  private func awaitReceivers<Body: ResizableBody & SendableMetatype>(
    of listener: OwnListener<Body>
  ) throws -> Fan<Body> {
    let wanted = receivers ?? 1
    do {
      return try Fan(
        listener, to: to ?? .free, receivers: wanted, timeout: channel.timeout?.duration)
    } catch {
      let here = listener.roster.counts.here
      let who =
        wanted == 1 ? "no receiver came" : "\(here) of \(wanted) receivers came"
      listener.leave()
      guard error as? ChannelError == .timedOut else { throw explained(error) }
      throw Failure(.timeout, "\(who) within \(channel.timeout?.text ?? "")")
    }
  }
}
