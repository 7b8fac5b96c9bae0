/// The sending end of a channel.
///
/// Use it from one thread at a time. Dropping it closes it: the receiver gets what was sent, then
/// the end of the stream. A local variable is dropped after its last use, which can be long before
/// the end of its scope.
@frozen @safe
public struct Sender<Body: MessageBody>: ~Copyable, Sendable {
  @usableFromInline let claim: SenderClaim
  @usableFromInline var writer: LaneWriter

  /// What the `offer` functions do when there is no room, unless they are told otherwise.
  public var whenFull: WhenFull

  init(_ claim: SenderClaim, whenFull: WhenFull) {
    self.claim = claim
    self.whenFull = whenFull
    writer = LaneWriter(claim)
  }

  deinit {
    guard !claim.wasLeft else { return }
    var writer = writer
    writer.settle()
    writer.publishAll(counts: !Body.isFixedSize)
  }

  /// Makes everything that was staged visible to the receiver, in one store.
  @inlinable
  public mutating func publish() {
    writer.settle()
    writer.publishAll(counts: !Body.isFixedSize)
  }

  /// Waits until a receiver is there.
  ///
  /// - Parameter timeout: nil waits for ever.
  /// - Throws: ``ChannelError/timedOut``.
  public mutating func awaitReceiver(timeout: Duration? = nil) throws(ChannelError) {
    try claim.awaitReceiver(until: Deadline(after: timeout))
  }

  /// The longest message in bytes.
  public var largestMessage: Int { claim.largestFrame - claim.lanes.format.headerBytes }

  /// Closes the end in order, as dropping it does.
  public consuming func close() {}

  /// Waits until the receiver has finished with every message.
  ///
  /// A sender that closes without it leaves what is unread in the channel, where it stays for as
  /// long as somebody has the channel open.
  ///
  /// - Parameter timeout: nil waits for ever.
  /// - Throws: ``ChannelError/timedOut``; ``ChannelError/closed`` or ``ChannelError/peerDied`` if
  ///   the receiver left before it had read everything.
  public mutating func drain(timeout: Duration? = nil) throws(ChannelError) {
    publish()
    try claim.drain(after: writer.tail, until: Deadline(after: timeout))
  }

  /// Leaves the end as if this process had died.
  package func abandon() { claim.lanes.leave(as: .died) }
}

// MARK: Reserving room

extension Sender {
  /// Waits for room for a frame.
  @inlinable @inline(__always)
  mutating func awaitRoom(for frameBytes: Int, _ timeout: Duration?) throws(ChannelError) {
    // The receiver cannot make room while it does not see what was staged.
    writer.publishAll(counts: !Body.isFixedSize)
    let room = try claim.awaitRoom(
      for: frameBytes, after: writer.tail, messages: writer.messages,
      until: timeout == nil ? .never : Deadline(after: timeout))
    adopt(room)
  }

  /// Whether there is room for a frame now.
  @inlinable @inline(__always)
  mutating func findRoom(for frameBytes: Int) throws(ChannelError) -> Bool {
    if writer.hasRoom(for: frameBytes) { return true }
    writer.publishAll(counts: !Body.isFixedSize)
    let room = try claim.pollRoom(
      for: frameBytes, after: writer.tail, messages: writer.messages)
    guard let room else { return false }
    adopt(room)
    return true
  }

  /// Goes on where there is room.
  @inlinable @inline(__always)
  mutating func adopt(_ room: Room) {
    writer.lane = room.lane
    writer.tail = room.tail
    writer.limit = room.limit
    writer.store(writer.messages, upTo: room.tail)
  }

  /// Lends the next `frameBytes`, which are free.
  @inlinable @inline(__always)
  @_lifetime(&self)
  mutating func loan(frameBytes: Int, count: Int, shape: UInt64 = 0) -> Loan<Body> {
    let position = writer.advance(by: frameBytes, messages: Body.isFixedSize ? 0 : 1)
    let loan = Loan<Body>(
      writer: writer, position: position, headerBytes: Body.headerBytes, count: count, shape: shape)
    return unsafe _overrideLifetime(loan, mutating: &self)
  }

  /// Bytes of a frame of `count` elements: of more than any lane holds, more than any lane holds.
  @inlinable @inline(__always)
  static func frameBytes(count: Int) -> Int {
    Body.frameBytes(
      payload: Body.prefixBytes &+ LaneLayout.elements(count) &* MemoryLayout<Body.Element>.stride)
  }
}

extension Sender where Body: ResizableBody {
  /// Lends room for a message of `count` elements, waiting while the channel is full.
  ///
  /// - Parameters:
  ///   - count: elements, 0 or more.
  ///   - timeout: how long to wait; zero polls, nil waits for ever.
  /// - Throws: ``ChannelError/timedOut``; ``ChannelError/tooLarge(bytes:capacity:)``; when the
  ///   channel is full, ``ChannelError/closed`` or ``ChannelError/peerDied`` if the receiver left.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve(
    count: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Body> {
    let bytes = Self.frameBytes(count: count)
    if !writer.hasRoom(for: bytes) { try awaitRoom(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: count)
  }

  /// Lends room for a message of at most `count` elements, of which ``Loan/send(count:)`` sends as
  /// many as you have filled.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve(
    upTo count: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Body> {
    try reserve(count: count, timeout: timeout)
  }

  /// Lends room for a message of `count` elements, or returns nil while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReserve(count: Int) throws(ChannelError) -> Loan<Body>? {
    let bytes = Self.frameBytes(count: count)
    guard try findRoom(for: bytes) else { return nil }
    return loan(frameBytes: bytes, count: count)
  }

  /// Sends a copy of `elements`, waiting while the channel is full.
  @inlinable
  public mutating func send(
    copying elements: Span<Body.Element>, timeout: Duration? = nil
  ) throws(ChannelError) {
    var loan = try reserve(count: elements.count, timeout: timeout)
    loan.fill(from: elements)
    loan.send()
  }
}

extension Sender where Body: ShapedBody {
  /// Lends room for a matrix, waiting while the channel is full. Throws as
  /// ``reserve(count:timeout:)`` does.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve(
    rows: Int, columns: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Body> {
    let shape = Loan<Body>.shape(rows: rows, columns: columns)
    let bytes = Self.frameBytes(count: LaneLayout.elements(rows, columns))
    if !writer.hasRoom(for: bytes) { try awaitRoom(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: rows &* columns, shape: shape)
  }

  /// Lends room for a matrix, or returns nil while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReserve(rows: Int, columns: Int) throws(ChannelError) -> Loan<Body>? {
    let shape = Loan<Body>.shape(rows: rows, columns: columns)
    let bytes = Self.frameBytes(count: LaneLayout.elements(rows, columns))
    guard try findRoom(for: bytes) else { return nil }
    return loan(frameBytes: bytes, count: rows &* columns, shape: shape)
  }
}

extension Sender where Body: FixedSizeMessage {
  /// Lends room for one message, waiting while the channel is full. Throws as
  /// ``reserve(count:timeout:)`` does.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve(timeout: Duration? = nil) throws(ChannelError) -> Loan<Body> {
    let bytes = MemoryLayout<Body>.stride
    if !writer.hasRoom(for: bytes) { try awaitRoom(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: 1)
  }

  /// Lends room for one message, or returns nil while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReserve() throws(ChannelError) -> Loan<Body>? {
    let bytes = MemoryLayout<Body>.stride
    guard try findRoom(for: bytes) else { return nil }
    return loan(frameBytes: bytes, count: 1)
  }

  /// Lends room for `count` messages at once, as one loan of as many elements, waiting while the
  /// channel is full. ``Loan/send()`` publishes all of them in one store.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve(
    batch count: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Body> {
    let bytes = Self.batchBytes(count)
    if !writer.hasRoom(for: bytes) { try awaitRoom(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: count)
  }

  /// Bytes of `count` messages. Traps on none.
  @inlinable @inline(__always)
  static func batchBytes(_ count: Int) -> Int {
    precondition(count > 0, "a batch has at least one message")
    return LaneLayout.elements(count) &* MemoryLayout<Body>.stride
  }

  /// Sends one value, waiting while the channel is full.
  @inlinable @inline(__always)
  public mutating func send(_ value: Body, timeout: Duration? = nil) throws(ChannelError) {
    var loan = try reserve(timeout: timeout)
    loan.value = value
    loan.send()
  }
}

extension Sender where Body == Text {
  /// Sends a copy of `text`, waiting while the channel is full.
  public mutating func send(_ text: String, timeout: Duration? = nil) throws(ChannelError) {
    var text = text
    text.makeContiguousUTF8()
    try send(copying: text.utf8.span, timeout: timeout)
  }
}
