internal import Psyne

/// Writes messages to a file straight from the channel's memory.
struct PieceSink {
  private let limit: Int?
  private let timeout: Duration?

  init(_ arguments: ChannelArguments) {
    limit = arguments.count
    timeout = arguments.timeout?.duration
  }

  func pump<Body: ResizableBody>(
    _ receiver: inout Receiver<Body>, _ output: borrowing OutputStream, _ progress: inout Progress,
    _ interruptions: inout Interruptions
  ) throws {
    while progress.messages < limit ?? .max {
      do {
        guard let message = try receiver.receive(timeout: timeout) else { return }
        let bytes = unsafe message.elements.bytes
        try unsafe bytes.withUnsafeBytes { try unsafe output.write($0) }
        progress.advance(bytes: bytes.byteCount)
      } catch let error as ChannelError {
        try interruptions.note(error)
      }
    }
  }
}
