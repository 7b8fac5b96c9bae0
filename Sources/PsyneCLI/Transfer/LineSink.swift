internal import Psyne

/// Writes every message as a line.
struct LineSink {
  private let limit: Int?
  private let timeout: Duration?
  /// Lines are collected up to here while more are ready.
  private static let bufferBytes = 64 << 10

  init(_ arguments: ChannelArguments) {
    limit = arguments.count
    timeout = arguments.timeout?.duration
  }

  func pump(
    _ receiver: inout Receiver<Text>, _ output: borrowing OutputStream, _ progress: inout Progress,
    _ interruptions: inout Interruptions
  ) throws {
    var lines: [UInt8] = []
    while progress.messages < limit ?? .max {
      if lines.count >= Self.bufferBytes { try write(&lines, to: output) }
      do {
        if try poll(&receiver, &lines, &progress) { continue }
        // Nothing is ready: what we have is due.
        try write(&lines, to: output)
        guard let line = try receiver.receive(timeout: timeout) else { return }
        append(line, &lines, &progress)
      } catch let error as ChannelError {
        // What came before it is good.
        try write(&lines, to: output)
        // The orderly end, as polling tells it.
        if error == .closed { return }
        try interruptions.note(error)
      }
    }
    try write(&lines, to: output)
  }

  /// Takes a line if one is ready.
  private func poll(
    _ receiver: inout Receiver<Text>, _ lines: inout [UInt8], _ progress: inout Progress
  ) throws -> Bool {
    guard let line = try receiver.tryReceive() else { return false }
    append(line, &lines, &progress)
    return true
  }

  private func append(
    _ line: borrowing Message<Text>, _ lines: inout [UInt8], _ progress: inout Progress
  ) {
    unsafe line.elements.withUnsafeBufferPointer { unsafe lines.append(contentsOf: $0) }
    lines.append(0x0a)
    progress.advance(bytes: line.count)
  }

  private func write(_ lines: inout [UInt8], to output: borrowing OutputStream) throws {
    try unsafe lines.withUnsafeBytes { try unsafe output.write($0) }
    lines.removeAll(keepingCapacity: true)
  }
}
