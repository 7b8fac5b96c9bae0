internal import Psyne

/// Reads files piece by piece straight into the channel's memory.
struct PieceSource {
  /// As much as a pipe holds, and little enough that the next core finds it in a shared cache.
  static let defaultBytes = 64 << 10

  let inputs: [String]
  /// The largest message.
  let pieceBytes: Int
  /// Whether a message waits until it is full.
  let isWhole: Bool
  /// The most messages to send, or nil.
  let limit: Int?
  let timeout: Duration?

  func pump<Body: ResizableBody>(
    _ sender: inout Sender<Body>, _ progress: inout Progress
  ) throws {
    let stride = MemoryLayout<Body.Element>.stride
    // What is read while there is no room, and dropped.
    var dropped: [UInt8] = []
    for path in inputs {
      let input = try InputStream.open(path)
      var bytesRead = 0
      while progress.messages + progress.drops < limit ?? .max {
        let bytes: Int
        // The option of the command comes before that of the address.
        if var loan = try sender.offer(
          count: pieceBytes / stride, whenFull: timeout.map { .waitUpTo($0) })
        {
          var elements = loan.elements
          bytes = try unsafe elements.withUnsafeMutableBytes { room in
            try unsafe fill(room, from: input, stride: stride)
          }
          guard bytes.isMultiple(of: stride) else {
            throw Self.notFloats(input.name, bytes: bytesRead + bytes)
          }
          // At the end of the file it is dropped, and nothing is sent.
          if bytes > 0 {
            loan.send(count: bytes / stride)
            progress.advance(bytes: bytes)
          }
        } else {
          bytes = try read(into: &dropped, from: input, stride: stride)
          if bytes > 0 { progress.drop() }
        }
        if bytes == 0 { break }
        bytesRead += bytes
      }
    }
  }

  private func read(
    into buffer: inout [UInt8], from input: borrowing InputStream, stride: Int
  ) throws -> Int {
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: pieceBytes) }
    return try unsafe buffer.withUnsafeMutableBytes { room in
      try unsafe fill(room, from: input, stride: stride)
    }
  }

  /// Reads once, or until the room is full; and in any case up to the end of an element. Fewer
  /// bytes than that are the end of the file.
  private func fill(
    _ room: UnsafeMutableRawBufferPointer, from input: borrowing InputStream, stride: Int
  ) throws -> Int {
    var count = 0
    repeat {
      let bytes = try unsafe input.read(into: .init(rebasing: room[count...]))
      if bytes == 0 { break }
      count += bytes
    } while count < room.count && (isWhole || !count.isMultiple(of: stride))
    return count
  }

  static func notFloats(_ name: String, bytes: Int) -> Failure {
    Failure(
      .failure,
      "\(name) has \(Format.count(bytes)) bytes, which is no multiple of 4: it does not consist of "
        + "32-bit floats")
  }
}
