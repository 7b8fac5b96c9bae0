internal import Psyne

extension RecvCommand {
  /// Receives from all that connect, until those that came are gone.
  func receiveListening<Body: ResizableBody & SendableMetatype>(
    to stream: inout OutputStream,
    _ pump: (inout Receiver<Body>, borrowing OutputStream, inout Progress, inout Interruptions)
      throws -> Void
  ) throws {
    let listener = try channel.listen(for: Body.self)
    var receiver = try listener.server.receiver()
    var progress = progress(waitingFor: "a sender at \(listener.server.address)")
    if !keep { listener.closeWhenAllAreGone() }
    var interruptions = Interruptions()
    do {
      try pump(&receiver, stream, &progress, &interruptions)
      try stream.close()
    } catch {
      // What could not be stored was not received, and those who send are told.
      if error is Failure {
        listener.leave()
        throw error
      }
      receiver.close()
      listener.close()
      // The reader of our output has had what it wanted.
      if error is OutputStream.ReaderGone { return }
      throw explained(error, progress)
    }
    interruptions.note(deadSenders: listener.roster.counts.died)
    receiver.close()
    listener.close()
    finish(progress, listener.server.codecStatistics)
    try report(interruptions, progress)
  }

  /// Receives from one that listens.
  func receiveConnected<Body: ResizableBody & SendableMetatype>(
    to stream: inout OutputStream,
    _ pump: (inout Receiver<Body>, borrowing OutputStream, inout Progress, inout Interruptions)
      throws -> Void
  ) throws {
    var progress = progress(waitingFor: "a sender at \(channel.uri)")
    let connection = try channel.connect(to: Body.self)
    var receiver = try connection.receiver()
    var interruptions = Interruptions()
    do {
      try pump(&receiver, stream, &progress, &interruptions)
      try stream.close()
    } catch {
      if error is Failure {
        connection.leave()
        throw error
      }
      let reason = connection.failure
      receiver.close()
      connection.close()
      if error is OutputStream.ReaderGone { return }
      guard let reason, error as? ChannelError == .peerDied else {
        throw explained(error, progress)
      }
      throw Failure(
        .unavailable,
        "the sender had not sent everything when the connection with it failed: \(reason.message); "
          + arrived(progress))
    }
    receiver.close()
    let codec = connection.codecStatistics
    connection.close()
    finish(progress, codec)
    try report(interruptions, progress)
  }
}
