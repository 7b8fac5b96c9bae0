internal import Psyne

/// Where lines go.
protocol LineOutlet: ~Copyable {
  /// Sends a line, at the latest with the next ``publish()``.
  ///
  /// - Parameter whenFull: nil is what the address says.
  /// - Returns: false if it was dropped, for which there was no room.
  mutating func stage(_ line: Span<UInt8>, whenFull: WhenFull?) throws -> Bool

  mutating func publish()
}

extension Sender: LineOutlet where Body == Text {
  mutating func stage(_ line: Span<UInt8>, whenFull: WhenFull?) throws -> Bool {
    guard var loan = try offer(count: line.count, whenFull: whenFull) else { return false }
    loan.fill(from: line)
    loan.stage()
    return true
  }
}

extension Fan: LineOutlet where Body == Text {
  mutating func stage(_ line: Span<UInt8>, whenFull: WhenFull?) throws -> Bool {
    try unsafe line.withUnsafeBytes { try unsafe send($0) }
  }

  /// Each line goes at once: the next one may be for another receiver.
  func publish() {}
}
