internal import Psyne

extension PieceSource {
  /// Sends copies: who gets a piece is not known before it is there.
  func pump<Body: ResizableBody & SendableMetatype>(
    to fan: inout Fan<Body>, _ progress: inout Progress
  ) throws {
    let stride = MemoryLayout<Body.Element>.stride
    var piece = [UInt8](repeating: 0, count: pieceBytes / stride * stride)
    for path in inputs {
      let input = try InputStream.open(path)
      var bytesRead = 0
      while progress.messages + progress.drops < limit ?? .max {
        let bytes = try unsafe piece.withUnsafeMutableBytes { room in
          try unsafe fill(room, from: input, stride: stride)
        }
        bytesRead += bytes
        guard bytes.isMultiple(of: stride) else {
          throw Self.notFloats(input.name, bytes: bytesRead)
        }
        if bytes == 0 { break }
        let isSent = try unsafe piece.withUnsafeBytes { whole in
          try unsafe fan.send(UnsafeRawBufferPointer(rebasing: whole[..<bytes]))
        }
        if isSent { progress.advance(bytes: bytes) } else { progress.drop() }
      }
    }
  }
}
