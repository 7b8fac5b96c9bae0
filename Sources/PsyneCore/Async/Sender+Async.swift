// The functions that wait for room, for a task: they suspend it instead of blocking its thread, and
// have the names and parameters of those that block.

extension Sender {
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
    let bytes = Self.frameBytes(count: rows * columns)
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
}
