internal import ArgumentParser
internal import Psyne

struct SendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send files or standard input.", discussion: HelpText.send)
  static var _errorLabel: String { "psyne" }

  @OptionGroup var channel: ChannelArguments

  @Option(
    name: [.customShort("m"), .long],
    help: ArgumentHelp(
      "How long every message is, as 4KiB (default: what is ready, up to 64KiB)", valueName: "size"),
    transform: ChannelArguments.size)
  var messageSize: ByteCount?

  @Argument(
    help: ArgumentHelp("What to send; standard input if none is given.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  func validate() throws {
    guard let messageSize else { return }
    if channel.type == .text {
      throw ValidationError("--message-size is for bytes and floats: text has a message a line.")
    }
    if channel.type == .floats, !messageSize.bytes.isMultiple(of: 4) {
      throw ValidationError("--message-size \(messageSize.bytes) is no whole number of floats.")
    }
  }

  func run() throws {
    let inputs = files.isEmpty ? ["-"] : files
    let total = try survey(inputs)
    switch channel.type {
    case .bytes: try sendPieces(of: Bytes.self, inputs, total)
    case .floats: try sendPieces(of: FloatVector.self, inputs, total)
    case .text: try sendLines(inputs, total)
    }
  }

  /// Looks at every input before anything is sent.
  ///
  /// - Returns: bytes of all of them, or nil if that cannot be known.
  private func survey(_ inputs: [String]) throws -> Int? {
    var total: Int? = 0
    for path in inputs {
      let input = try InputStream.open(path)
      let bytes = input.byteCount
      if let bytes, channel.type == .floats, !bytes.isMultiple(of: 4) {
        throw PieceSource.notFloats(input.name, bytes: bytes)
      }
      total = if let bytes, let sum = total { sum + bytes } else { nil }
    }
    return total
  }
}

// MARK: The three types

extension SendCommand {
  private func sendPieces<Body: ResizableBody & SendableMetatype>(
    of body: Body.Type, _ inputs: [String], _ total: Int?
  ) throws {
    let opened = try channel.open(body)
    let source = PieceSource(
      inputs: inputs, pieceBytes: try pieceBytes(of: opened), isWhole: messageSize != nil,
      limit: channel.count, timeout: channel.timeout?.duration)
    try send(on: opened, total) { sender, progress in try source.pump(&sender, &progress) }
  }

  private func pieceBytes<Body: ResizableBody>(of channel: some Channel<Body>) throws -> Int {
    let largest = channel.largestMessage
    guard let messageSize else { return min(PieceSource.defaultBytes, largest) }
    guard messageSize.bytes <= largest else {
      throw Failure(
        .usage,
        "--message-size \(messageSize) is more than the channel's largest message, \(Format.count(largest)) bytes: "
          + "use a larger --capacity")
    }
    return messageSize.bytes
  }

  private func sendLines(_ inputs: [String], _ total: Int?) throws {
    let opened = try channel.open(Text.self)
    let source = LineSource(
      inputs: inputs, longest: opened.largestMessage, limit: channel.count,
      timeout: channel.timeout?.duration)
    try send(on: opened, total) { sender, progress in try source.pump(&sender, &progress) }
  }

  /// Sends what `pump` reads, and waits until it was received.
  private func send<Body: ResizableBody>(
    on opened: some Channel<Body>, _ total: Int?,
    pump: (inout Sender<Body>, inout Progress) throws -> Void
  ) throws {
    var sender = try opened.sender()
    let isTyped = files.isEmpty && Console.input.isTerminal
    var progress = Progress(
      "sent", total: total, isWanted: !channel.quiet && !isTyped, waitingFor: "a receiver")
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
    progress.finish()
    if progress.drops > 0 {
      Console.complain(
        "\(Format.count(progress.drops)) messages were dropped: the channel was full, and full=drop"
      )
    }
  }

  private var isOne: Bool { channel.kind == .spsc || channel.kind == .mpsc }
  private var receivers: String { isOne ? "the receiver" : "the receivers" }

  private func awaitReceiver<Body: ResizableBody>(of sender: inout Sender<Body>) throws {
    do {
      try sender.awaitReceiver(timeout: channel.timeout?.duration)
    } catch .timedOut {
      throw Failure(.timeout, "no receiver came within \(channel.timeout?.text ?? "")")
    }
  }

  private func explained(_ error: any Error) -> any Error {
    switch error as? ChannelError {
    case .closed:
      Failure(.unavailable, "\(receivers) left before \(isOne ? "it" : "they") had read everything")
    case .peerDied:
      Failure(.unavailable, "\(receivers) died before \(isOne ? "it" : "they") had read everything")
    case .timedOut:
      Failure(
        .timeout,
        "\(receivers) did not go on reading within \(channel.timeout?.text ?? "the time of full=")")
    default: error
    }
  }
}
