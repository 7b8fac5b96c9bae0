/// Names a session, or one side's part in it: 128 random bits.
package struct LinkID: Hashable, Sendable {
  let low: UInt64
  let high: UInt64

  package static var none: LinkID { LinkID(low: 0, high: 0) }

  package static func random() -> LinkID {
    LinkID(low: .random(in: 1 ... .max), high: .random(in: 0 ... .max))
  }

  package init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }
}

/// What each side says first: 128 bytes, whatever the version. `docs/wire-protocol.md` has the table.
package struct Hello: Equatable, Sendable {
  package enum Role: UInt32, Sendable {
    case connector = 1
    case listener = 2
  }

  package var role: Role
  package var terms: LinkTerms
  package var session: LinkID
  /// Of the listener's side: what the listener says it is, and what the connector knows it as; none
  /// before they have met, and of a listener that turns the connector away.
  package var incarnation: LinkID
  /// Of a connector: counts its connections, from 1. One that comes late must not take the place of a later
  /// one. Of a listener: that of the hello it answers, 0 in a refusal.
  package var attempt: UInt32 = 0
  package var positions = Positions()

  /// Where the sender of the hello stands.
  package struct Positions: Equatable, Sendable {
    /// What it has of the other's stream.
    package var received = 0
    /// The end of the last whole message in it.
    package var whole = 0
    /// What its program has finished reading.
    package var consumed = 0
    /// From where on it can still send its own stream.
    package var held = 0
    /// How far it has ever sent it.
    package var sent = 0

    package init() {}
  }

  package static let bytes = 128
  /// The first byte is no text, and the line end is spoilt by whoever takes the rest for one.
  static let magic: [UInt8] = [0x89, 0x50, 0x53, 0x59, 0x4e, 0x45, 0x0d, 0x0a]
  static let version: UInt16 = 1
}

/// What one side has to offer.
package struct LinkTerms: Equatable, Sendable {
  package var format: MessageFormat
  /// Bytes that its lanes hold: what may be under way unread.
  package var capacity: Int
  /// The longest message that it takes, in bytes.
  package var largestMessage: Int
  /// It says something at least this often, in milliseconds.
  package var keepAlive: Int
  /// What encodes all that follows the hellos; 0 if nothing does.
  package var codec: UInt16

  package init(
    format: MessageFormat, capacity: Int, largestMessage: Int, keepAlive: Int, codec: UInt16 = 0
  ) {
    self.format = format
    self.capacity = capacity
    self.largestMessage = largestMessage
    self.keepAlive = keepAlive
    self.codec = codec
  }
}

// MARK: As it travels

extension Hello {
  func encode(to buffer: UnsafeMutableRawBufferPointer) {
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe buffer.copyBytes(from: Self.magic)
    unsafe buffer.put(Self.version, at: 8)
    unsafe buffer.put(terms.codec, at: 10)
    unsafe buffer.put(UInt32(Self.bytes), at: 12)
    unsafe buffer.put(role.rawValue, at: 16)
    unsafe buffer.put(terms.format.type.rawValue, at: 20)
    unsafe buffer.put(UInt32(terms.format.elementSize), at: 24)
    unsafe buffer.put(UInt16(terms.format.elementAlignment), at: 28)
    unsafe buffer.put(UInt16(terms.format.isFixedSize ? 1 : 0), at: 30)
    unsafe buffer.put(attempt, at: 32)
    unsafe buffer.put(UInt32(terms.keepAlive), at: 36)
    unsafe buffer.put(UInt64(terms.capacity), at: 40)
    unsafe buffer.put(UInt64(terms.largestMessage), at: 48)
    unsafe buffer.put(session.low, at: 56)
    unsafe buffer.put(session.high, at: 64)
    unsafe buffer.put(incarnation.low, at: 72)
    unsafe buffer.put(incarnation.high, at: 80)
    unsafe buffer.put(UInt64(positions.received), at: 88)
    unsafe buffer.put(UInt64(positions.whole), at: 96)
    unsafe buffer.put(UInt64(positions.consumed), at: 104)
    unsafe buffer.put(UInt64(positions.held), at: 112)
    unsafe buffer.put(UInt64(positions.sent), at: 120)
  }

  /// Whether `start`, the first bytes that came, can be those of a hello: to be asked before there are
  /// all of them, so that other protocols' clients learn at once that they are wrong here.
  static func check(start: UnsafeRawBufferPointer) throws(LinkError) {
    for unsafe(index, byte) in unsafe zip(0..., start.prefix(magic.count))
    where byte != magic[index] {
      throw LinkError(.notPsyne, "what came is not Psyne's protocol: \(unsafe guess(start))")
    }
  }

  /// What the bytes of a stranger look like.
  private static func guess(_ start: UnsafeRawBufferPointer) -> String {
    if unsafe TLSRecord.begins(start) {
      return
        "it looks like TLS, which this address does not speak: write tls:// on both sides, or tcp://"
    }
    let shown = unsafe start.prefix(16).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: ".") }
    return "it begins with '\(String(decoding: shown, as: UTF8.self))'"
  }

  /// - Parameter buffer: ``bytes`` bytes.
  /// - Throws: for what no side says first. What it says of its lanes is checked by ``check(_:)``.
  init(decoding buffer: UnsafeRawBufferPointer) throws(LinkError) {
    func malformed(_ what: String) -> LinkError {
      LinkError(.malformed, "the other side's hello is malformed: \(what)")
    }
    try unsafe Self.check(start: buffer)
    let version: UInt16 = unsafe buffer.number(at: 8)
    guard version == Self.version else {
      throw LinkError(
        .version,
        "the other side speaks version \(version) of the protocol, this one version \(Self.version): "
          + "use the same release on both sides")
    }
    guard unsafe buffer.number(at: 12, as: UInt32.self) == UInt32(Self.bytes) else {
      throw malformed("its length")
    }
    guard let role = Role(rawValue: unsafe buffer.number(at: 16)) else {
      throw malformed("its role")
    }
    let elementSize = Int(unsafe buffer.number(at: 24, as: UInt32.self))
    let alignment = Int(unsafe buffer.number(at: 28, as: UInt16.self))
    let fixed: UInt16 = unsafe buffer.number(at: 30)
    guard elementSize <= LaneLayout.maximumElementSize, alignment > 0, alignment <= 64,
      alignment & (alignment - 1) == 0, fixed <= 1
    else { throw malformed("its message format") }
    let capacity: UInt64 = unsafe buffer.number(at: 40)
    let largest: UInt64 = unsafe buffer.number(at: 48)
    guard capacity <= UInt64(LaneLayout.maximumCapacity), largest <= capacity else {
      throw malformed("its sizes")
    }
    self.role = role
    attempt = unsafe buffer.number(at: 32)
    // No listener would ever take it, and so it must not have one begin a session.
    guard role == .listener || attempt > 0 else { throw malformed("its attempt") }
    terms = LinkTerms(
      format: MessageFormat(
        type: MessageType(rawValue: unsafe buffer.number(at: 20)), elementSize: elementSize,
        elementAlignment: alignment, isFixedSize: fixed == 1),
      capacity: Int(capacity), largestMessage: Int(largest),
      keepAlive: Int(unsafe buffer.number(at: 36, as: UInt32.self)),
      codec: unsafe buffer.number(at: 10))
    session = unsafe Self.session(in: buffer)
    incarnation = LinkID(low: unsafe buffer.number(at: 72), high: unsafe buffer.number(at: 80))
    guard session != .none else { throw malformed("its session") }
    guard let received = unsafe buffer.position(at: 88), let whole = unsafe buffer.position(at: 96),
      let consumed = unsafe buffer.position(at: 104), let held = unsafe buffer.position(at: 112),
      let sent = unsafe buffer.position(at: 120),
      consumed <= whole, whole <= received, received - consumed <= Int(capacity),
      held <= sent, sent - held <= Int(capacity)
    else { throw malformed("its positions") }
    positions.received = received
    positions.whole = whole
    positions.consumed = consumed
    positions.held = held
    positions.sent = sent
  }

  /// - Parameter buffer: ``bytes`` bytes, of whatever version.
  static func session(in buffer: UnsafeRawBufferPointer) -> LinkID {
    LinkID(low: unsafe buffer.number(at: 56), high: unsafe buffer.number(at: 64))
  }

  /// Whether a hello, which need not be one that can be, is that of a listener that turns us away.
  package static func isRefusal(_ hello: Span<UInt8>) -> Bool {
    for index in 72..<88 where hello[index] != 0 { return false }
    return hello[16] == UInt8(Role.listener.rawValue)
  }

  /// What the first bytes of a stream are; nil while some are missing.
  ///
  /// - Throws: as soon as they are no hello.
  package init?(of start: Span<UInt8>) throws(LinkError) {
    var found: Result<Hello?, LinkError> = .success(nil)
    unsafe start.withUnsafeBytes { bytes in
      found = Result { () throws(LinkError) -> Hello? in
        try unsafe Self.check(start: bytes)
        return bytes.count < Self.bytes ? nil : try unsafe Hello(decoding: bytes)
      }
    }
    guard let hello = try found.get() else { return nil }
    self = hello
  }

  /// Throws unless the other side's lanes fit ours.
  ///
  /// - Parameter ours: what we have to offer.
  package func check(against ours: LinkTerms) throws(LinkError) {
    guard terms.format == ours.format else {
      throw LinkError(
        .mismatch,
        "one side carries \(terms.format), the other \(ours.format): use one type on both sides")
    }
    guard terms.codec == ours.codec else {
      func name(_ codec: UInt16) -> String { codec == 0 ? "none" : codec == 1 ? "lz4" : "\(codec)" }
      throw LinkError(
        .mismatch,
        "the codec of one side is \(name(terms.codec)), that of the other \(name(ours.codec)): name the "
          + "same on both sides, as in lz4+tcp://")
    }
    guard terms.capacity == ours.capacity else {
      throw LinkError(
        .mismatch,
        "the lanes of one side hold \(ByteCount.bytes(terms.capacity)), those of the other "
          + "\(ByteCount.bytes(ours.capacity)): give both the same capacity")
    }
    guard (50...3_600_000).contains(terms.keepAlive) else {
      throw LinkError(.malformed, "a keep-alive of \(terms.keepAlive) ms is none: 50 ms to an hour")
    }
    let unit = ours.format.positionUnit
    guard unit > 0, positions.whole % unit == 0, positions.consumed % unit == 0,
      positions.held % unit == 0
    else { throw LinkError(.malformed, "the other side's hello has positions within messages") }
  }
}
