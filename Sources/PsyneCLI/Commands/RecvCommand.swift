internal import ArgumentParser
internal import Psyne

struct RecvCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recv", abstract: "Receive to standard output or a file.",
    discussion: HelpText.recv)
  static var _errorLabel: String { "psyne" }

  @OptionGroup var channel: ChannelArguments

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write; standard output if none is given.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "With --listen, go on when all senders are gone, with those that come next.")
  var keep = false

  func validate() throws {
    if keep, !channel.listen {
      throw ValidationError("--keep is for --listen, where senders come and go.")
    }
  }

  func run() throws {
    // Before the channel: an output that cannot be created must cost no message.
    var stream = try openOutput()
    switch channel.type {
    case .bytes: try receive(Bytes.self, to: &stream, PieceSink(channel).pump)
    case .floats: try receive(FloatVector.self, to: &stream, PieceSink(channel).pump)
    case .text: try receive(Text.self, to: &stream, LineSink(channel).pump)
    }
  }

  private func openOutput() throws -> OutputStream {
    guard let output else { return try .standardOutput() }
    return try .file(output)
  }

  private func receive<Body: ResizableBody & SendableMetatype>(
    _ body: Body.Type, to stream: inout OutputStream,
    _ pump: (inout Receiver<Body>, borrowing OutputStream, inout Progress, inout Interruptions)
      throws -> Void
  ) throws {
    switch channel.meeting {
    case .open: try receive(from: try channel.open(body), to: &stream, pump)
    case .listen: try receiveListening(to: &stream, pump)
    case .connect: try receiveConnected(to: &stream, pump)
    }
  }

  private func receive<Body: ResizableBody>(
    from opened: some Channel<Body>, to stream: inout OutputStream,
    _ pump: (inout Receiver<Body>, borrowing OutputStream, inout Progress, inout Interruptions)
      throws -> Void
  ) throws {
    var interruptions = Interruptions(opened)
    var receiver = try opened.receiver()
    var progress = progress(waitingFor: "a sender")
    do {
      try pump(&receiver, stream, &progress, &interruptions)
      try stream.close()
    } catch is OutputStream.ReaderGone {
      // As `psyne recv x | head` ends it: the reader has had what it wanted.
      receiver.close()
      return
    } catch {
      // What could not be stored was not received: whoever sends is told, and another one gets it.
      if error is Failure { opened.abandon() }
      throw explained(error, progress)
    }
    receiver.close()
    finish(progress)
    try report(interruptions, progress)
  }

  func progress(waitingFor peer: String) -> Progress {
    // On the same terminal it would stand in the middle of the data.
    let isApart = output != nil || !Console.output.isTerminal
    return Progress("received", total: nil, isWanted: !channel.quiet && isApart, waitingFor: peer)
  }

  func finish(_ progress: Progress, _ codec: CodecStatistics? = nil) {
    progress.finish(channel.talk)
    channel.talk.tell(codec)
  }

  /// What is missing from an output must not pass for a whole one.
  func report(_ interruptions: Interruptions, _ progress: Progress) throws {
    if interruptions.deadSenders > 0 {
      let count = interruptions.deadSenders
      throw Failure(
        .unavailable,
        "\(count == 1 ? "a sender" : "\(count) senders") died before it had sent everything; "
          + arrived(progress))
    }
    if interruptions.lostMessages > 0 {
      throw Failure(
        .failure,
        "this receiver did not keep up, and \(Format.count(interruptions.lostMessages, of: "message")) got lost; "
          + "\(progress.amount) arrived")
    }
  }

  func arrived(_ progress: Progress) -> String {
    let place = output.map { " and is in '\($0)'" } ?? ""
    return progress.messages == 0
      ? "nothing had arrived before" : "\(progress.amount) had arrived before\(place)"
  }

  func explained(_ error: any Error, _ progress: Progress) -> any Error {
    let arrived = arrived(progress)
    return switch error as? ChannelError {
    case .peerDied:
      Failure(.unavailable, "the sender died before it had sent everything; \(arrived)")
    case .timedOut:
      Failure(.timeout, "no message came within \(channel.timeout?.text ?? ""); \(arrived)")
    case .evicted:
      Failure(
        .unavailable, "the sender went on without this receiver, which did not keep up; \(arrived)")
    default: error
    }
  }
}
