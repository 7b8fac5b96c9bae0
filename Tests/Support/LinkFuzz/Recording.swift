internal import PsyneCore

extension LinkFuzz {
  /// What two honest links say to each other, as inputs for each of them, and what a listener says that
  /// turns a connector away: where the fuzzer begins.
  public static func conversations() -> [(name: String, input: [UInt8])] {
    recordings("bytes", .bytes, BytesProgram.self)
      + recordings("fixed", .fixedSize, FixedSizeProgram.self)
      + recordings("mixed", .mixed, MixedProgram.self)
      + recordings("matrix", .matrix, MatrixProgram.self) + refusals()
  }

  /// At first, and when a connection is to go on.
  private static func refusals() -> [(name: String, input: [UInt8])] {
    let hello = WireHello(
      role: 2, type: MessageType.bytes.rawValue, elementSize: 1, alignment: 1, isFixedSize: false,
      attempt: 0, capacity: 8192, session: (1, 2), incarnation: (0, 0), positions: [0, 0, 0, 0, 0])
    let text = Wire.number(7 as UInt32) + Array("there is no room".utf8)
    let block = WireBlock(
      kind: WireBlock.error, length: text.count, position: 0, received: 0, consumed: 0)
    let said = hello.bytes + block.bytes + text
    let refusal = [Step.raw.rawValue] + Wire.number(UInt16(said.count)) + said
    let before = [Step.message.rawValue, 1, 40, 0, Step.send.rawValue, 10]
    return [
      ("refused-connector", Setting.bytes(isConnector: true, .bytes, greets: false) + refusal),
      (
        "refused-later-connector",
        Setting.bytes(isConnector: true, .bytes, greets: true) + before
          + [Step.reconnectSilently.rawValue] + refusal
      ),
    ]
  }

  private static func recordings<Told: Program>(
    _ name: String, _ format: Setting.Format, _ program: Told.Type
  ) -> [(name: String, input: [UInt8])] {
    let recorded = Recording<Told>.make()
    return [true, false].map { isConnector in
      let setting = Setting.bytes(isConnector: isConnector, format, greets: !isConnector)
      // A listener's owner has read the hello before the link sees anything.
      let first = isConnector ? 0 : Wire.helloBytes
      return (
        "\(name)-\(isConnector ? "connector" : "listener")",
        setting + (isConnector ? recorded.toConnector : recorded.toListener).script(from: first)
      )
    }
  }
}

/// Steps of one side: what comes, and what its program does.
struct RecordedSide {
  private var steps: [[UInt8]] = []
  private var came: [UInt8] = []

  mutating func hear(_ bytes: [UInt8]) { came += bytes }

  mutating func act(_ step: Step, _ argument: UInt8? = nil) {
    settle()
    steps.append([step.rawValue] + (argument.map { [$0] } ?? []))
  }

  private mutating func settle() {
    guard !came.isEmpty else { return }
    steps.append([Step.raw.rawValue] + Wire.number(UInt16(came.count)) + came)
    came = []
  }

  /// - Parameter first: bytes of what comes first that are left out.
  func script(from first: Int) -> [UInt8] {
    var copy = self
    copy.settle()
    if first > 0, let index = copy.steps.firstIndex(where: { $0[0] == Step.raw.rawValue }) {
      let bytes = copy.steps[index].dropFirst(3 + first)
      copy.steps[index] = [Step.raw.rawValue] + Wire.number(UInt16(bytes.count)) + bytes
    }
    return Array(copy.steps.joined())
  }
}

/// Two honest links, one for each side.
private enum Recording<Told: Program> {
  private static var capacity: Int { 4096 }

  static func make() -> (toConnector: RecordedSide, toListener: RecordedSide) {
    do {
      return try talk()
    } catch {
      fatalError("honest links fail: \(error)")
    }
  }

  private static func talk() throws -> (RecordedSide, RecordedSide) {
    let format = MessageFormat(Told.Body.self)
    let (there, back) = (Lanes(format, capacity: capacity), Lanes(format, capacity: capacity))
    let (farThere, farBack) = (Lanes(format, capacity: capacity), Lanes(format, capacity: capacity))
    let terms = LinkTerms(
      format: format, capacity: capacity, largestMessage: capacity / 2, keepAlive: 5000)
    let session = LinkID(low: 1, high: 2)
    let connector = try Link(
      .connector, terms, session: session, incarnation: .none, inbound: back.lanes,
      outbound: there.lanes)
    let listener = try Link(
      .listener, terms, session: session, incarnation: LinkID(low: 3, high: 4),
      inbound: farThere.lanes, outbound: farBack.lanes)
    var sender: Sender<Told.Body>? = try there.channel(Told.Body.self).sender()
    var receiver: Receiver<Told.Body>? = try farThere.channel(Told.Body.self).receiver()
    var (toConnector, toListener) = (RecordedSide(), RecordedSide())

    connector.connect(now: 0)
    let first = said(by: connector)
    toListener.hear(first)
    guard let hello = try Hello(of: first.span) else { fatalError("no hello") }
    _ = try listener.accept(hello, now: 0)
    func exchange() throws {
      for _ in 0..<3 {
        let answer = said(by: listener)
        toConnector.hear(answer)
        try hand(answer, to: connector)
        let more = said(by: connector)
        toListener.hear(more)
        try hand(more, to: listener)
      }
    }
    try exchange()
    for size in [0, 2, 100] as [UInt8] {
      try Told.send(&sender, Int(size) * 4)
      toConnector.act(.send, size)
      try exchange()
    }
    while let message = try receiver?.tryReceive() { _ = Told.look(at: message) }
    toListener.act(.receive, 9)
    listener.acknowledge()
    toListener.act(.owner, 0)
    try exchange()
    sender = nil
    toConnector.act(.ends, 0)
    try exchange()
    receiver = nil
    toListener.act(.ends, 1)
    try exchange()
    for link in [connector, listener] { link.close() }
    toConnector.act(.owner, 2)
    toListener.act(.owner, 2)
    try exchange()
    return (toConnector, toListener)
  }

  static func said(by link: Link) -> [UInt8] {
    var bytes: [UInt8] = []
    _ = unsafe link.send(now: 0) { head, body in
      unsafe bytes += head
      unsafe bytes += body
      return head.count + body.count
    }
    return bytes
  }

  private static func hand(_ bytes: [UInt8], to link: Link) throws(LinkError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      var count = 0
      _ = try unsafe link.receive(now: 0) { first, second in
        let inFirst = min(first.count, rest.count)
        let inSecond = min(second.count, rest.count - inFirst)
        unsafe first.copyBytes(from: rest.prefix(inFirst))
        unsafe second.copyBytes(from: rest.dropFirst(inFirst).prefix(inSecond))
        count = inFirst + inSecond
        return count
      }
      rest = rest.dropFirst(count)
    }
  }
}
