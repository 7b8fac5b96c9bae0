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
    for path in inputs {
      let input = try InputStream.open(path)
      let before = progress.bytes
      while progress.messages < limit ?? .max {
        var loan = try sender.reserve(upTo: pieceBytes / stride, timeout: timeout)
        var elements = loan.elements
        let bytes = try unsafe elements.withUnsafeMutableBytes { room in
          try unsafe fill(room, from: input, stride: stride)
        }
        guard bytes.isMultiple(of: stride) else {
          throw Self.notFloats(input.name, bytes: progress.bytes - before + bytes)
        }
        // The end of the file. What is dropped here is not sent.
        if bytes == 0 { break }
        loan.send(count: bytes / stride)
        progress.advance(bytes: bytes)
      }
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
