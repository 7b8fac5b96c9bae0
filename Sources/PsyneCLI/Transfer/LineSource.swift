internal import Glibc
internal import Psyne

/// Reads files line by line; every line is a message, without its end.
struct LineSource {
  let inputs: [String]
  /// Bytes of the longest line that fits.
  let longest: Int
  /// The most messages to send, or nil.
  let limit: Int?
  let timeout: Duration?

  private static let newline: UInt8 = 0x0a

  init(inputs: [String], longest: Int, limit: Int?, timeout: Duration?) {
    self.inputs = inputs
    self.longest = longest
    self.limit = limit
    self.timeout = timeout
  }

  func pump<Outlet: LineOutlet & ~Copyable>(
    _ sender: inout Outlet, _ progress: inout Progress
  ) throws {
    // Lines before one that fails are good.
    defer { sender.publish() }
    for path in inputs where progress.messages + progress.drops < limit ?? .max {
      try pump(try InputStream.open(path), &sender, &progress)
    }
  }

  private func pump<Outlet: LineOutlet & ~Copyable>(
    _ input: consuming InputStream, _ sender: inout Outlet, _ progress: inout Progress
  ) throws {
    var buffer = [UInt8](repeating: 0, count: PieceSource.defaultBytes)
    var (filled, lineNumber) = (0, 1)
    while progress.messages + progress.drops < limit ?? .max {
      if filled == buffer.count {
        guard filled <= longest else { throw tooLong(input.name, lineNumber) }
        buffer.append(contentsOf: repeatElement(0, count: filled))
      }
      let bytes = try unsafe buffer.withUnsafeMutableBytes { room in
        try unsafe input.read(into: .init(rebasing: room[filled...]))
      }
      let searched = filled
      filled += bytes
      var start = 0
      while progress.messages + progress.drops < limit ?? .max {
        let end = newline(in: buffer, max(start, searched)..<filled)
        // The last line may lack its end.
        guard let end = end ?? (bytes == 0 && start < filled ? filled : nil) else { break }
        guard end - start <= longest else { throw tooLong(input.name, lineNumber) }
        if try stage(buffer.span.extracting(start..<end), input.name, lineNumber, &sender) {
          progress.advance(bytes: end - start)
        } else {
          progress.drop()
        }
        start = min(end + 1, filled)
        lineNumber += 1
      }
      // All the lines of one read become visible together.
      sender.publish()
      if bytes == 0 { return }
      buffer.replaceSubrange(0..<filled - start, with: buffer[start..<filled])
      filled -= start
    }
  }

  /// False if the line was dropped, for which there was no room.
  private func stage<Outlet: LineOutlet & ~Copyable>(
    _ line: Span<UInt8>, _ name: String, _ number: Int, _ sender: inout Outlet
  ) throws -> Bool {
    guard (try? UTF8Span(validating: line)) != nil else {
      throw Failure(
        .failure, "line \(Format.count(number)) of \(name) is not UTF-8; send it as --type bytes")
    }
    // The option of the command comes before that of the address.
    return try sender.stage(line, whenFull: timeout.map { .waitUpTo($0) })
  }

  private func newline(in buffer: [UInt8], _ range: Range<Int>) -> Int? {
    unsafe buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
      let found = unsafe memchr(base + range.lowerBound, Int32(Self.newline), range.count)
      guard let found = unsafe found else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  private func tooLong(_ name: String, _ number: Int) -> Failure {
    Failure(
      .failure,
      "line \(Format.count(number)) of \(name) is longer than the channel's largest message, "
        + "\(Format.count(longest)) bytes: use a larger --capacity")
  }
}
