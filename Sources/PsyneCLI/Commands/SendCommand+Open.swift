internal import Psyne

extension SendCommand {
  /// Sends what `pump` reads, and waits until it was received.
  func send<Body: ResizableBody>(
    on opened: some Channel<Body>, _ total: Int?,
    pump: (inout Sender<Body>, inout Progress) throws -> Void
  ) throws {
    var sender = try opened.sender()
    var progress = progress(total, waitingFor: "a receiver")
    do {
      // Without one, a short input would be gone before anybody could receive it.
      try awaitReceiver(of: &sender)
      try pump(&sender, &progress)
    } catch {
      // What arrived is not all: that must not look like an orderly end.
      opened.abandon()
      throw explained(error)
    }
    do { try sender.drain(timeout: channel.timeout?.duration) } catch { throw explained(error) }
    finish(progress)
  }

  func finish(_ progress: Progress, _ codec: CodecStatistics? = nil) {
    progress.finish(channel.talk)
    channel.talk.tell(codec)
    if progress.drops > 0 {
      Console.complain(
        "\(Format.count(progress.drops, of: "message")) dropped: the channel was full, and full=drop"
      )
    }
  }

  /// What is typed would stand in the same place.
  func progress(_ total: Int?, waitingFor peer: String) -> Progress {
    let isTyped = files.isEmpty && Console.input.isTerminal
    return Progress(
      "sent", total: total, isWanted: !channel.quiet && !isTyped, waitingFor: peer)
  }

  private var isOne: Bool {
    channel.meeting == .connect
      || channel.meeting == .open && [.spsc, .mpsc].contains(channel.kind ?? .spsc)
  }
  private var whoReads: String { isOne ? "the receiver" : "the receivers" }

  private func awaitReceiver<Body: ResizableBody>(of sender: inout Sender<Body>) throws {
    do {
      try sender.awaitReceiver(timeout: channel.timeout?.duration)
    } catch .timedOut {
      throw Failure(.timeout, "no receiver came within \(channel.timeout?.text ?? "")")
    }
  }

  func explained(_ error: any Error) -> any Error {
    switch error as? ChannelError {
    case .closed:
      Failure(.unavailable, "\(whoReads) left before \(isOne ? "it" : "they") had read everything")
    case .peerDied:
      Failure(.unavailable, "\(whoReads) died before \(isOne ? "it" : "they") had read everything")
    case .timedOut:
      Failure(
        .timeout,
        "\(whoReads) did not go on reading within \(channel.timeout?.text ?? "the time of full=")")
    default: error
    }
  }
}
