// The functions that wait for room, for a task: they suspend it instead of blocking its thread, and
// have the names and parameters of those that block.

extension Sender {
  /// Waits until a receiver is there; suspends the task meanwhile.
  ///
  /// - Throws: ``ChannelError/timedOut``, ``ChannelError/cancelled``.
  public mutating func awaitReceiver(timeout: Duration? = nil) async throws(ChannelError) {
    try await claim.awaitReceiver(until: Deadline(after: timeout))
  }

  /// Waits until the receivers have finished with every message; suspends the task meanwhile.
  ///
  /// - Throws: as the function that blocks; ``ChannelError/cancelled`` if the task is cancelled while
  ///   it waits.
  public mutating func drain(timeout: Duration? = nil) async throws(ChannelError) {
    publish()
    try await claim.drain(after: writer.tail, until: Deadline(after: timeout))
  }

  @usableFromInline
  mutating func suspend(
    for frameBytes: Int, _ timeout: Duration?
  ) async throws(ChannelError) {
    // The receiver cannot make room while it does not see what was staged.
    writer.publishAll(counts: !Body.isFixedSize)
    let room = try await claim.nextRoom(
      for: frameBytes, after: writer.tail, messages: writer.messages,
      until: Deadline(after: timeout))
    adopt(room)
  }
}

extension Sender where Body: ResizableBody {
  /// Lends room for a message of `count` elements; suspends the task while the channel is full.
  ///
  /// - Throws: as the function that blocks; ``ChannelError/cancelled`` if the task is cancelled while
  ///   it waits.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve(
    count: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Body> {
    let bytes = Self.frameBytes(count: count)
    if !writer.hasRoom(for: bytes) { try await suspend(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: count)
  }

  /// Lends room for a message of at most `count` elements, of which ``Loan/send(count:)`` sends as
  /// many as you have filled; suspends the task while the channel is full.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve(
    upTo count: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Body> {
    try await reserve(count: count, timeout: timeout)
  }

  /// Sends a copy of `elements`; suspends the task while the channel is full.
  public mutating func send(
    copying elements: [Body.Element], timeout: Duration? = nil
  ) async throws(ChannelError) {
    var loan = try await reserve(count: elements.count, timeout: timeout)
    loan.fill(from: elements.span)
    loan.send()
  }
}

extension Sender where Body: ShapedBody {
  /// Lends room for a matrix; suspends the task while the channel is full. Throws as
  /// ``reserve(count:timeout:)`` does.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve(
    rows: Int, columns: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Body> {
    let shape = Loan<Body>.shape(rows: rows, columns: columns)
    let bytes = Self.frameBytes(count: LaneLayout.elements(rows, columns))
    if !writer.hasRoom(for: bytes) { try await suspend(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: rows &* columns, shape: shape)
  }
}

extension Sender where Body: FixedSizeMessage {
  /// Lends room for one message; suspends the task while the channel is full. Throws as
  /// ``reserve(count:timeout:)`` does.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve(
    timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Body> {
    let bytes = MemoryLayout<Body>.stride
    if !writer.hasRoom(for: bytes) { try await suspend(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: 1)
  }

  /// Lends room for `count` messages at once, as one loan of as many elements; suspends the task while
  /// the channel is full. ``Loan/send()`` publishes all of them in one store.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve(
    batch count: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Body> {
    let bytes = Self.batchBytes(count)
    if !writer.hasRoom(for: bytes) { try await suspend(for: bytes, timeout) }
    return loan(frameBytes: bytes, count: count)
  }

  /// Sends one value; suspends the task while the channel is full.
  @inlinable
  public mutating func send(
    _ value: Body, timeout: Duration? = nil
  ) async throws(ChannelError) {
    var loan = try await reserve(timeout: timeout)
    loan.value = value
    loan.send()
  }
}

extension Sender where Body == Text {
  /// Sends a copy of `text`; suspends the task while the channel is full.
  public mutating func send(
    _ text: String, timeout: Duration? = nil
  ) async throws(ChannelError) {
    try await send(copying: Array(text.utf8), timeout: timeout)
  }
}

extension Sender where Body == Mixed {
  /// Lends room for a message of `count` elements; suspends the task while the channel is full.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve<Wanted: ResizableBody>(
    _ body: Wanted.Type, count: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Wanted> {
    let frame = Self.frameBytes(of: body, count: count)
    if !writer.hasRoom(for: frame) { try await suspend(for: frame, timeout) }
    return lend(frame, count: count)
  }

  /// Sends one value of a fixed size; suspends the task while the channel is full.
  @inlinable
  public mutating func send<Wanted: FixedSizeMessage>(
    _ value: Wanted, timeout: Duration? = nil
  ) async throws(ChannelError) {
    let frame = Self.frameBytes(of: Wanted.self, count: 1)
    if !writer.hasRoom(for: frame) { try await suspend(for: frame, timeout) }
    var loan: Loan<Wanted> = lend(frame, count: 1)
    loan.value = value
    loan.send()
  }

  /// Lends room for a matrix; suspends the task while the channel is full.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve<Wanted: ShapedBody>(
    _ body: Wanted.Type, rows: Int, columns: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> Loan<Wanted> {
    let shape = Loan<Wanted>.shape(rows: rows, columns: columns)
    let frame = Self.frameBytes(of: body, count: LaneLayout.elements(rows, columns))
    if !writer.hasRoom(for: frame) { try await suspend(for: frame, timeout) }
    return lend(frame, count: rows &* columns, shape: shape)
  }

  /// Sends a copy of `elements` as a `body`; suspends the task while the channel is full.
  public mutating func send<Wanted: ResizableBody>(
    _ body: Wanted.Type, copying elements: [Wanted.Element], timeout: Duration? = nil
  ) async throws(ChannelError) {
    var loan = try await reserve(body, count: elements.count, timeout: timeout)
    loan.fill(from: elements.span)
    loan.send()
  }

  /// Sends a copy of `text`; suspends the task while the channel is full.
  public mutating func send(
    _ text: String, timeout: Duration? = nil
  ) async throws(ChannelError) {
    try await send(Text.self, copying: Array(text.utf8), timeout: timeout)
  }
}
