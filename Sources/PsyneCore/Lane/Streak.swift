/// How steadily messages come to one who looks for them: whether it is worth to wait for a batch.
struct Streak {
  /// Bytes read since a pause of the senders.
  private(set) var bytes = 0
  /// How often there was nothing since something was read last.
  private(set) var waits = 0

  /// More looks for nothing than this are a pause.
  private static var pause: Int { 64 }

  init() {}

  init(bytes: Int, waits: Int) {
    self.bytes = bytes
    self.waits = waits
  }

  mutating func wait() { waits += 1 }

  mutating func read(_ count: Int) {
    bytes = waits > Self.pause ? 0 : bytes + count
    waits = 0
  }
}
