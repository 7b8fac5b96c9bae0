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

  @Option(
    help: "With --listen, who gets a message: the receiver with the least to read, or all.")
  var to: FanOut?

  @Option(
    help: ArgumentHelp(
      "With --listen, begin when so many receivers are there (default: 1)", valueName: "n"))
  var receivers: Int?

  @Argument(
    help: ArgumentHelp("What to send; standard input if none is given.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  func validate() throws {
    if let receivers, receivers < 1 {
      throw ValidationError("--receivers must be 1 at least, not \(receivers).")
    }
    for (name, isThere) in [("--to", to != nil), ("--receivers", receivers != nil)]
    where isThere && !channel.listen {
      throw ValidationError("\(name) is for --listen, where several can connect.")
    }
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
