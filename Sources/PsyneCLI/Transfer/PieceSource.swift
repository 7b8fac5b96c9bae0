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
    // The option of the command comes before that of the address.
    let whenFull = timeout.map { WhenFull.waitUpTo($0) } ?? sender.whenFull
    for path in inputs {
      let input = try InputStream.open(path)
      var bytesRead = 0
      while progress.messages + progress.drops < limit ?? .max {
        let bytes =
          whenFull == .dropNewest
          ? try sendCopy(from: input, after: bytesRead, on: &sender, &progress)
          : try sendInPlace(from: input, after: bytesRead, whenFull, on: &sender, &progress)
        if bytes == 0 { break }
        bytesRead += bytes
      }
    }
  }

  /// Reads a piece into the channel and sends it; 0 at the end of the file.
  private func sendInPlace<Body: ResizableBody>(
    from input: borrowing InputStream, after bytesRead: Int, _ whenFull: WhenFull,
    on sender: inout Sender<Body>, _ progress: inout Progress
  ) throws -> Int {
    let stride = MemoryLayout<Body.Element>.stride
    guard var loan = try sender.offer(count: pieceBytes / stride, whenFull: whenFull) else {
      return 0
    }
    var elements = loan.elements
    let bytes = try unsafe elements.withUnsafeMutableBytes { room in
      try unsafe fill(room, from: input, stride: stride)
    }
    guard bytes.isMultiple(of: stride) else {
      throw Self.notFloats(input.name, bytes: bytesRead + bytes)
    }
    // What is dropped at the end of the file is not sent.
    guard bytes > 0 else { return 0 }
    loan.send(count: bytes / stride)
    progress.advance(bytes: bytes)
    return bytes
  }

  /// Reads a piece and sends a copy if there is room, so that only messages count as dropped, and no
  /// end of a file; 0 at the end of the file.
  private func sendCopy<Body: ResizableBody>(
    from input: borrowing InputStream, after bytesRead: Int, on sender: inout Sender<Body>,
    _ progress: inout Progress
  ) throws -> Int {
    let stride = MemoryLayout<Body.Element>.stride
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    let bytes = try unsafe piece.withUnsafeMutableBytes { room in
      try unsafe fill(room, from: input, stride: stride)
    }
    guard bytes.isMultiple(of: stride) else {
      throw Self.notFloats(input.name, bytes: bytesRead + bytes)
    }
    guard bytes > 0 else { return 0 }
    if try offer(piece[..<bytes], on: &sender) {
      progress.advance(bytes: bytes)
    } else {
      progress.drop()
    }
    return bytes
  }

  /// Sends a copy if there is room by now; false if it was dropped.
  private func offer<Body: ResizableBody>(
    _ bytes: ArraySlice<UInt8>, on sender: inout Sender<Body>
  ) throws -> Bool {
    let count = bytes.count / MemoryLayout<Body.Element>.stride
    guard var loan = try sender.offer(count: count) else { return false }
    var elements = loan.elements
    unsafe elements.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
    loan.send()
    return true
  }

  /// Reads once, or until the room is full; and in any case up to the end of an element. Fewer
  /// bytes than that are the end of the file.
  func fill(
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
