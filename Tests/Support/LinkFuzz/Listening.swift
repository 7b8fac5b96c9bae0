/// Reads what a link says, and expects that a peer could take it.
struct Listening {
  private(set) var said = 0
  /// Of the link's stream: how far it has come over this connection.
  private(set) var position = 0
  /// What it has confirmed of ours.
  private(set) var received = 0
  private(set) var consumed = 0
  private(set) var hasGreeted = false
  /// Of its last hello: from where on it still has its own stream, and how far it has ours whole.
  private(set) var held = 0
  private(set) var whole = 0
  private(set) var session: ArraySlice<UInt8> = []
  /// What its last hello has counted.
  private var attempts = 0
  /// Whether its hello was that of a listener that turns somebody away, and an error has come behind it.
  private(set) var isRefused = false
  private var mayMeet = false
  private var pending: [UInt8] = []
  private var bodyLeft = 0
  /// Whether we know where its stream goes on.
  private var isKnown = true
  private var isOver = false

  mutating func begin() {
    pending = []
    (bodyLeft, hasGreeted) = (0, false)
  }

  /// - Parameter start: where its stream goes on, as the hello to it has said.
  mutating func resume(at start: Int) { (position, isKnown) = (start, true) }

  /// The hello to it may say anything: where its stream goes on is seen when it does.
  mutating func resumeAnywhere() { isKnown = false }

  /// Another one listens in place of the one that the link has met: a message that had begun to come from
  /// that one will not go on.
  mutating func restart() { received = whole }

  mutating func hear(_ bytes: [UInt8], capacity: Int) {
    said += bytes.count
    pending += bytes
    var rest = pending[...]
    defer { pending = Array(rest) }
    while !rest.isEmpty {
      if bodyLeft > 0 {
        let count = min(bodyLeft, rest.count)
        rest = rest.dropFirst(count)
        bodyLeft -= count
      } else if !hasGreeted {
        guard rest.count >= Wire.helloBytes else { return }
        LinkFuzz.expect(rest.prefix(8).elementsEqual(Wire.magic), "no magic in its hello")
        let isListener = Wire.read(rest, at: 16, 4) == 2
        let attempt = Int(Wire.read(rest, at: 32, 4))
        LinkFuzz.expect(isListener || attempt > attempts, "it does not count its connections")
        attempts = attempt
        session = ArraySlice(Array(rest.dropFirst(56).prefix(16)))
        mayMeet = !isListener || rest.dropFirst(72).prefix(16).contains { $0 != 0 }
        received = Int(Wire.read(rest, at: 88, 8))
        whole = Int(Wire.read(rest, at: 96, 8))
        consumed = Int(Wire.read(rest, at: 104, 8))
        held = Int(Wire.read(rest, at: 112, 8))
        rest = rest.dropFirst(Wire.helloBytes)
        hasGreeted = true
      } else {
        guard rest.count >= Wire.blockBytes else { return }
        hear(WireBlock(rest.prefix(Wire.blockBytes)), capacity: capacity)
        rest = rest.dropFirst(Wire.blockBytes)
      }
    }
  }

  private mutating func hear(_ block: WireBlock, capacity: Int) {
    LinkFuzz.expect((1...7).contains(block.kind), "block of kind \(block.kind)")
    LinkFuzz.expect(block.received >= received, "it takes back what it has received")
    LinkFuzz.expect(block.consumed >= consumed, "it takes back what it has consumed")
    LinkFuzz.expect(block.consumed <= block.received, "it consumes what it has not received")
    (received, consumed) = (block.received, block.consumed)
    bodyLeft = block.length
    LinkFuzz.expect(mayMeet || block.kind == WireBlock.error, "a refusal without an error")
    isRefused = !mayMeet
    switch block.kind {
    case WireBlock.data:
      if !isKnown { resume(at: block.position) }
      LinkFuzz.expect(block.position == position, "a gap in what it sends")
      LinkFuzz.expect((1...capacity).contains(block.length), "\(block.length) bytes of data")
      position += block.length
    case WireBlock.error:
      LinkFuzz.expect((4...404).contains(block.length), "an error of \(block.length) bytes")
    default: LinkFuzz.expect(block.length == 0, "a body behind a block of kind \(block.kind)")
    }
  }
}
