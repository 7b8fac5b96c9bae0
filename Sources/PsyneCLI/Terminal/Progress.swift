internal import Synchronization

/// The line on the terminal that tells how far a transfer is. Silent where nobody watches.
struct Progress {
  private let stream: Console.Stream
  private let isShown: Bool
  private let verb: String
  private let total: Int?
  private(set) var bytes = 0
  private(set) var messages = 0
  /// Messages that were not sent, for want of room.
  private(set) var drops = 0
  private var start: ContinuousClock.Instant?
  private var nextDrawing = ContinuousClock.now

  /// Whether the cursor stands in a progress line, for whoever wants to write to the terminal next.
  private static let isLineOpen = Atomic<Bool>(false)

  private static let interval = Duration.milliseconds(100)

  /// - Parameters:
  ///   - verb: "sent" or "received".
  ///   - total: bytes there will be, if that is known.
  ///   - isWanted: false keeps it silent on a terminal too.
  init(_ verb: String, total: Int?, isWanted: Bool, waitingFor peer: String) {
    stream = Console.error
    self.verb = verb
    self.total = total
    isShown = isWanted && stream.isTerminal
    if isShown { draw("waiting for \(peer)") }
  }

  /// Counts what went through. Cheap enough to be called for every message.
  mutating func advance(bytes: Int, messages: Int = 1) {
    self.bytes += bytes
    self.messages += messages
    guard isShown else {
      start = start ?? ContinuousClock.now
      return
    }
    let now = ContinuousClock.now
    guard let start else {
      start = now
      nextDrawing = now + Self.interval
      return
    }
    guard now >= nextDrawing else { return }
    nextDrawing = now + Self.interval
    draw(line(after: now - start))
  }

  mutating func drop() { drops += 1 }

  /// Leaves a line that says what was done: on a terminal, and elsewhere if everything is to be told.
  func finish(_ talk: ConnectionTalk) {
    guard isShown || talk.isVerbose else { return }
    let time = start.map { ContinuousClock.now - $0 } ?? .zero
    let speed =
      time > .zero ? " in \(Format.time(time)), \(Format.rate(bytes: bytes, in: time))" : ""
    guard isShown else { return talk.tell("\(verb) \(amount)\(speed)") }
    draw("\(verb) \(amount)\(speed)")
    Self.endLine()
  }

  /// "481 MiB in 7,703 messages"
  var amount: String {
    "\(Format.bytes(bytes)) in \(Format.count(messages, of: "message"))"
  }

  /// Ends the line if there is one. Any thread may call it.
  static func endLine() {
    guard isLineOpen.exchange(false, ordering: .relaxed) else { return }
    Console.error.write("\n")
  }

  private func draw(_ text: String) {
    Self.isLineOpen.store(true, ordering: .relaxed)
    stream.write("\r\u{1b}[K\(text)")
  }

  private func line(after time: Duration) -> String {
    let speed = Format.rate(bytes: bytes, in: time).right(11)
    guard let total, total > 0 else {
      return "\(verb) \(Format.bytes(bytes).right(9)) \(speed)  \(Format.clock(time))"
    }
    let part = min(1, Double(bytes) / Double(total))
    let left = Duration.seconds(time.inSeconds * (1 - part) / max(part, 0.001))
    return "\(Format.decimal(part * 100, 0).right(3))% \(bar(part))"
      + " \(Format.bytes(bytes).right(9)) of \(Format.bytes(total)) \(speed)  \(Format.clock(left)) left"
  }

  private func bar(_ part: Double) -> String {
    let width = 24
    let filled = Int(part * Double(width))
    let (full, empty) = stream.hasUnicode ? ("█", "░") : ("#", "-")
    return stream.cyan + String(repeating: full, count: filled) + stream.plain
      + String(repeating: empty, count: width - filled)
  }
}
