import Testing

@testable import PsyneCore

/// What a link does not take, and what it says about it.
@Suite("LinkRefusals")
struct LinkRefusalTests {
  private func error(of body: () throws(LinkError) -> Void) -> LinkError? {
    do throws(LinkError) {
      try body()
      return nil
    } catch { return error }
  }

  // MARK: Strangers

  @Test(
    "whoever speaks another protocol is told by its first bytes",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "begins with 'GET / HTTP/1.1..'"),
      ("\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}", "looks like TLS"), ("\u{16}", "begins with '.'"),
      ("SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_"),
    ])
  func strangers(bytes: String, guess: String) throws {
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    let error = error { () throws(LinkError) in try puppet.hear(Array(bytes.utf8)) }
    #expect(error?.code == .notPsyne)
    #expect(error?.message.contains(guess) == true)
    _ = puppet.said()
    #expect(puppet.link.phase == .failed)
  }

  @Test("garbage of any length is refused, and more of it is not heard")
  func garbage() throws {
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    let garbage = [UInt8](repeating: 7, count: 10_000)
    let first = error { () throws(LinkError) in try puppet.hear(garbage) }
    #expect(first?.code == .notPsyne)
    let second = error { () throws(LinkError) in try puppet.hear(garbage) }
    #expect(second == nil)
    _ = puppet.said()
    #expect(puppet.link.phase == .failed)
  }

  // MARK: Hellos

  @Test("a hello survives its journey, and a spoilt one is refused")
  func hello() throws {
    var hello = LinkPuppet.hello()
    hello.positions.received = 96
    hello.positions.whole = 80
    hello.positions.consumed = 8
    hello.positions.held = 16
    hello.positions.sent = 160
    let decoded = try unsafe hello.encoded.withUnsafeBytes { try unsafe Hello(decoding: $0) }
    #expect(decoded == hello)
    for (offset, value) in [
      (0, 0), (8, 2), (12, 64), (16, 3), (28, 3), (30, 2), (32, 0), (47, 1), (55, 1),
      (95, 255), (96, 255), (104, 255), (112, 255), (127, 255),
    ] as [(Int, UInt8)] {
      var bytes = hello.encoded
      bytes[offset] = value
      let spoilt = try? unsafe bytes.withUnsafeBytes { try unsafe Hello(decoding: $0) }
      #expect(spoilt == nil, "byte \(offset)")
    }
  }

  @Test("the two sides of a session have to fit")
  func misfits() throws {
    let changes: [(LinkError.Code, (inout Hello) -> Void)] = [
      (.malformed, { $0.role = .connector }),
      (.malformed, { $0.session = LinkID(low: 9, high: 9) }),
      (.mismatch, { $0.terms.format = MessageFormat(Text.self) }),
      (.mismatch, { $0.terms.capacity = 8192 }),
      (.mismatch, { $0.terms.codec = 1 }),
      (.malformed, { $0.terms.keepAlive = 0 }),
      (.malformed, { $0.positions.received = 8 }),
      (
        .malformed,
        {
          $0.positions.held = 8; $0.positions.sent = 8
        }
      ),
      (
        .malformed,
        {
          $0.positions.held = 4; $0.positions.sent = 8
        }
      ),
    ]
    for (place, (code, change)) in changes.enumerated() {
      let puppet = try LinkPuppet(.connector)
      puppet.link.connect(now: 0)
      var hello = LinkPuppet.hello(.listener)
      change(&hello)
      let error = error { () throws(LinkError) in try puppet.hear(hello.encoded) }
      #expect(error?.code == code, "\(place)")
      _ = puppet.said()
      #expect(puppet.link.phase == .failed)
    }
  }

  /// What a listener of other lanes says to somebody whom it turns away.
  private func refusal(of start: [UInt8], _ error: LinkError) -> [UInt8]? {
    var terms = LinkPuppet.terms
    terms.capacity *= 2
    return Link.refusal(of: start.span, terms, error)
  }

  @Test("a connector that is turned away has met nobody, and hears why", arguments: [1, 7, .max])
  func refusal(piece: Int) throws {
    let error = LinkError(.full, "there are enough")
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    let said = try #require(refusal(of: puppet.said(), error))
    try puppet.hear(Array(said[..<Hello.bytes]), piece: piece)
    #expect(puppet.link.phase == .greeting && puppet.link.meeting == nil)
    let heard = self.error { () throws(LinkError) in
      try puppet.hear(Array(said[Hello.bytes...]), piece: piece)
    }
    #expect(heard == LinkError(.full, "there are enough", isFromPeer: true))
    #expect(puppet.link.phase == .failed && puppet.link.meeting == nil)
    #expect(puppet.link.incarnation == .none)
    #expect(puppet.said().isEmpty, "there is nothing to answer")
  }

  @Test("so it is when a connection is to go on, and nothing of what was is lost")
  func refusalOnResume() throws {
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    try puppet.hear(LinkPuppet.hello(.listener).encoded)
    puppet.link.meeting = nil
    try puppet.send(count: 32)
    _ = puppet.said()
    let frame = bytesFrame(count: 5)
    try puppet.hear(
      Block(.data, length: frame.count, position: 0, received: 0, consumed: 0), frame)
    puppet.link.disconnect()
    puppet.link.connect(now: 0)
    let said = try #require(refusal(of: puppet.said(), LinkError(.full, "there are enough")))
    let heard = error { () throws(LinkError) in try puppet.hear(said) }
    #expect(heard == LinkError(.full, "there are enough", isFromPeer: true))
    #expect(puppet.link.meeting == nil && puppet.link.incarnation == LinkPuppet.incarnation)
    #expect(puppet.link.unconfirmed == (1, 40))
    #expect(try puppet.receive() == [5])
  }

  @Test("a refusal that is lost, or cut, is a break: the next connection is as good as any")
  func refusalLost() throws {
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    let said = try #require(refusal(of: puppet.said(), LinkError(.full, "there are enough")))
    try puppet.hear(Array(said.dropLast()))
    puppet.link.disconnect()
    #expect(puppet.link.phase == .apart)
    puppet.link.connect(now: 0)
    try puppet.hear(LinkPuppet.hello(.listener).encoded)
    #expect(puppet.link.phase == .established && puppet.link.meeting == .new)
  }

  @Test("a refusal that does not say why is none")
  func refusalWithoutError() throws {
    for kind in [Block.Kind.data, .acknowledgement, .goodbye] {
      let puppet = try LinkPuppet(.connector)
      puppet.link.connect(now: 0)
      var hello = LinkPuppet.hello(.listener)
      hello.incarnation = .none
      try puppet.hear(hello.encoded)
      let error = error { () throws(LinkError) in
        try puppet.hear(
          Block(kind, length: kind == .data ? 8 : 0, position: 0, received: 0, consumed: 0))
      }
      #expect(error?.code == .malformed)
    }
  }

  @Test("whoever speaks another version, or says a hello that cannot be one, can be told")
  func versions() throws {
    let hello = LinkPuppet.hello().encoded
    let error = LinkError(.version, "another one")
    for (offset, value) in [(8, 2), (9, 1), (10, 1), (12, 64), (16, 9)] as [(Int, UInt8)] {
      var bytes = hello
      bytes[offset] = value
      let answer = try #require(refusal(of: bytes, error), "byte \(offset)")
      let ours = try #require(try Hello(of: answer.span.extracting(first: Hello.bytes)))
      #expect(ours.role == .listener && ours.incarnation == .none)
      #expect(ours.session == LinkPuppet.session)
    }
    #expect(refusal(of: hello.dropLast(), error) == nil, "not all of it has come")
    #expect(refusal(of: hello, LinkError(.notPsyne, "no magic")) == nil)

    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    var answer = LinkPuppet.hello(.listener).encoded
    answer[8] = 2
    let found = self.error { () throws(LinkError) in try puppet.hear(answer) }
    #expect(found?.code == .version)
    #expect(found?.message.contains("speaks version 2 of the protocol, this one version 1") == true)
    #expect(found?.isFromPeer == false && puppet.link.meeting == nil)
  }

  @Test("a listener that finds something says it behind its hello, and the connector hears it")
  func found() throws {
    let listener = try LinkPuppet()
    let connector = try LinkPuppet(.connector)
    connector.link.connect(now: 0)
    _ = connector.said()
    _ = try listener.link.accept(LinkPuppet.hello(), now: 0)
    listener.link.fail(LinkError(.full, "there are enough"))
    let said = listener.said()
    #expect(listener.link.phase == .failed)
    let error = error { () throws(LinkError) in try connector.hear(said) }
    #expect(error == LinkError(.full, "there are enough", isFromPeer: true))
    #expect(connector.link.phase == .failed)
    #expect(connector.said().isEmpty, "there is nothing to answer")
  }

  @Test("a connection that comes late does not take the place of a later one")
  func late() throws {
    let puppet = try LinkPuppet()
    var hello = LinkPuppet.hello()
    hello.attempt = 2
    let isTaken = try puppet.link.accept(hello, now: 0)
    #expect(isTaken)
    let said = puppet.said()
    #expect(said.count == Hello.bytes)
    hello.attempt = 1
    let isTakenLate = try puppet.link.accept(hello, now: 0)
    #expect(!isTakenLate && puppet.link.phase == .established && puppet.said().isEmpty)
  }

  @Test("whoever says nothing at first is given up in time")
  func silence() throws {
    let puppet = try LinkPuppet(.connector)
    puppet.link.connect(now: 0)
    try puppet.link.tick(now: 2_999_999_999)
    let error = error { () throws(LinkError) in try puppet.link.tick(now: 3_000_000_000) }
    #expect(error?.code == .silent)
  }

  // MARK: Blocks

  @Test(
    "a block that no honest side sends ends the link, and the other side is told",
    arguments: [
      (Block(.data, length: 0, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.data, length: 4097, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.data, length: 0xffff_ffff, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.data, length: 8, position: 8, received: 0, consumed: 0), .malformed),
      (Block(.acknowledgement, position: 0, received: 48, consumed: 0), .malformed),
      (Block(.acknowledgement, position: 0, received: 0, consumed: 8), .malformed),
      (Block(.acknowledgement, position: 0, received: 40, consumed: 40), nil),
      (Block(.acknowledgement, position: 0, received: 40, consumed: 4), .malformed),
      (Block(.acknowledgement, position: .max, received: 0, consumed: 0), .malformed),
      (Block(.acknowledgement, position: 0, received: .max, consumed: 0), .malformed),
      (Block(.acknowledgement, length: 1, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.error, length: 3, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.error, length: 1000, position: 0, received: 0, consumed: 0), .malformed),
      (Block(.receiverLeft, position: 0, received: 0, consumed: 0), nil),
      (Block(.receiverCame, position: 0, received: 0, consumed: 0), nil),
      (Block(.senderLeft, position: 0, received: 0, consumed: 0), nil),
    ] as [(Block, LinkError.Code?)])
  func blocks(block: Block, code: LinkError.Code?) throws {
    let puppet = try LinkPuppet.established()
    try puppet.send(count: 32)
    let sent = puppet.said()
    #expect(sent.count == 2 * Block.bytes + 40, "a message, and that its sender has left")
    let error = error { () throws(LinkError) in try puppet.hear(block) }
    #expect(error?.code == code)
    #expect(puppet.link.outbound.head <= 40)
    let answer = puppet.said()
    #expect((puppet.link.phase == .failed) == (code != nil))
    if code != nil { #expect(answer[4] == Block.Kind.error.rawValue) }
  }

  @Test("what a block confirms cannot be taken back")
  func regress() throws {
    let puppet = try LinkPuppet.established()
    try puppet.send(count: 32)
    _ = puppet.said()
    try puppet.hear(Block(.acknowledgement, position: 0, received: 40, consumed: 40))
    for consumed in [0, 40] {
      let error = error { () throws(LinkError) in
        try puppet.hear(Block(.acknowledgement, position: 0, received: consumed, consumed: 0))
      }
      #expect(error?.code == .malformed || consumed == 40)
    }
  }

  @Test("an unknown kind and a second hello are no blocks")
  func unknownKinds() throws {
    for kind: UInt8 in [0, 8, 255] {
      let puppet = try LinkPuppet.established()
      var bytes = Block(.acknowledgement, position: 0, received: 0, consumed: 0).encoded
      bytes[4] = kind
      #expect(error { () throws(LinkError) in try puppet.hear(bytes) }?.code == .malformed)
    }
    let puppet = try LinkPuppet.established()
    let second = error { () throws(LinkError) in try puppet.hear(LinkPuppet.hello().encoded) }
    #expect(second?.code == .malformed)
  }

  @Test("no more comes than there is room for, however it is divided")
  func window() throws {
    let puppet = try LinkPuppet.established()
    let frame = bytesFrame(count: 4088)
    try puppet.hear(
      Block(.data, length: 4000, position: 0, received: 0, consumed: 0), Array(frame[..<4000]))
    try puppet.hear(
      Block(.data, length: 96, position: 4000, received: 0, consumed: 0), Array(frame[4000...]))
    let error = error { () throws(LinkError) in
      try puppet.hear(Block(.data, length: 1, position: 4096, received: 0, consumed: 0), [0])
    }
    #expect(error?.code == .malformed)
    let counts = try puppet.receive()
    #expect(counts == [4088])
  }

  @Test("a message that cannot be one is refused, and what came before it is received")
  func messages() throws {
    for (frame, code) in [
      (bytesFrame(count: 8, type: .text), .malformed), (bytesFrame(count: 4089), .tooLarge),
      (bytesFrame(count: 0xffff_ffff & 0xfff_ffff), .tooLarge),
    ] as [([UInt8], LinkError.Code)] {
      let puppet = try LinkPuppet.established()
      let bytes = bytesFrame(count: 3) + frame.prefix(16)
      let error = error { () throws(LinkError) in
        try puppet.hear(
          Block(.data, length: bytes.count, position: 0, received: 0, consumed: 0), bytes)
      }
      #expect(error?.code == code)
      let counts = try puppet.receive()
      #expect(counts == [3])
    }
  }

  @Test(
    "a payload that is no whole number of elements, or whose shape is another's, is refused",
    arguments: [(1, 12), (1, 3), (2, 7), (2, 8 + 7), (2, 8 + 16), (2, 8 + 24)] as [(UInt32, Int)])
  func elements(type: UInt32, bytes: Int) throws {
    let format = type == 1 ? MessageFormat(FloatVector.self) : MessageFormat(DoubleMatrix.self)
    let lanes = try LaneSet.inMemory(
      format, ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: 4096))
    let lane = try InboundLane(lanes, largestMessage: 4088)
    var frame = [UInt8](repeating: 0, count: 8 + (bytes + 7) / 8 * 8)
    (frame[0], frame[4]) = (UInt8(bytes), UInt8(type))
    // One row of two columns.
    if type == 2, bytes >= 8 { (frame[8], frame[12]) = (1, 2) }
    unsafe lane.room(at: 0, count: frame.count).copyBytes(from: frame)
    let error = error { () throws(LinkError) in try lane.publish(upTo: frame.count) }
    // What is right passes.
    #expect(error?.code == (bytes == 12 || bytes == 24 ? nil : .malformed))
  }

  @Test("what came with an error, the other side's or one that is found, is received")
  func messagesBeforeErrors() throws {
    let frames = bytesFrame(count: 3) + bytesFrame(count: 9)
    let text: [UInt8] = [7, 0, 0, 0] + Array("enough".utf8)
    let after = frames.count + 12
    for (isFromPeer, last) in [
      (
        true,
        Block(.error, length: text.count, position: after, received: 0, consumed: 0).encoded + text
      ),
      (false, Block(.acknowledgement, position: 0, received: 0, consumed: 0).encoded),
      (false, Block(.acknowledgement, length: 1, position: 0, received: 0, consumed: 0).encoded),
    ] {
      let puppet = try LinkPuppet.established()
      let data = frames + bytesFrame(count: 8)[..<12]
      let block = Block(.data, length: data.count, position: 0, received: 0, consumed: 0)
      let error = error { () throws(LinkError) in try puppet.hear(block.encoded + data + last) }
      #expect(error?.isFromPeer == isFromPeer)
      #expect(error?.code == (isFromPeer ? .full : .malformed))
      #expect(try puppet.receive() == [3, 9])
    }
  }

  @Test("a message that cannot be one is found, whatever came with it")
  func wrongMessageBeforeError() throws {
    let puppet = try LinkPuppet.established()
    let data = bytesFrame(count: 3) + bytesFrame(count: 8, type: .text)
    let text: [UInt8] = [7, 0, 0, 0]
    let error = error { () throws(LinkError) in
      try puppet.hear(
        Block(.data, length: data.count, position: 0, received: 0, consumed: 0).encoded + data
          + Block(.error, length: 4, position: data.count, received: 0, consumed: 0).encoded + text)
    }
    #expect(error?.code == .malformed && error?.isFromPeer == false)
    #expect(try puppet.receive() == [3])
  }

  @Test("each message of a mixed channel has a type")
  func mixed() throws {
    for (type, isOne) in [(0, false), (1, true), (4_000_000_000, true)] as [(MessageType, Bool)] {
      let channel: SPSCChannel<Mixed> = try makeChannel(capacity: .bytes(4096))
      let lane = try InboundLane(channel.lanes, largestMessage: 4088)
      let frames = bytesFrame(count: 3) + bytesFrame(count: 8, type: type)
      unsafe lane.room(at: 0, count: frames.count).copyBytes(from: frames)
      let error = error { () throws(LinkError) in try lane.publish(upTo: frames.count) }
      #expect(error?.code == (isOne ? nil : .malformed))
      #expect(lane.whole == (isOne ? frames.count : 16))
      lane.leave(as: .closed)
    }
  }

  @Test("a stream that ends within a message has not ended in order")
  func truncation() throws {
    for kind in [Block.Kind.senderLeft, .goodbye] {
      let puppet = try LinkPuppet.established()
      try puppet.hear(
        Block(.data, length: 12, position: 0, received: 0, consumed: 0),
        Array(bytesFrame(count: 8)[..<12]))
      #expect(!puppet.link.mayEnd)
      let error = error { () throws(LinkError) in
        try puppet.hear(Block(kind, position: 12, received: 0, consumed: 0))
      }
      #expect(error?.code == .truncated)
      #expect(!puppet.link.mayEnd)
    }
  }

  @Test("nothing comes behind a goodbye")
  func afterGoodbye() throws {
    let puppet = try LinkPuppet.established()
    try puppet.hear(Block(.goodbye, position: 0, received: 0, consumed: 0))
    #expect(puppet.link.mayEnd)
    let error = error { () throws(LinkError) in
      try puppet.hear(
        Block(.data, length: 8, position: 0, received: 0, consumed: 0),
        [UInt8](repeating: 0, count: 8))
    }
    #expect(error?.code == .malformed)
  }

  @Test("an error that comes is shown without what a terminal obeys")
  func errors() throws {
    let puppet = try LinkPuppet.established()
    let body: [UInt8] = [4, 0, 0, 0] + Array("no\u{1b}[2J".utf8)
    let error = error { () throws(LinkError) in
      try puppet.hear(
        Block(.error, length: body.count, position: 0, received: 0, consumed: 0), body)
    }
    #expect(error == LinkError(.malformed, "no?[2J", isFromPeer: true))
  }
}
