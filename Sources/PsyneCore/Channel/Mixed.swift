// Channels of several types: what a sender and a receiver of `Mixed` can do.

extension Sender where Body == Mixed {
  /// Lends room for a message of `count` elements, waiting while the channel is full.
  ///
  /// - Parameters:
  ///   - body: what the message is, `FloatVector.self` for example.
  ///   - count: elements, 0 or more.
  ///   - timeout: how long to wait; zero polls, nil waits for ever.
  /// - Throws: as ``reserve(count:timeout:)`` of a channel of one type.
  /// - Precondition: the element's alignment is at most 8.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve<Wanted: ResizableBody>(
    _ body: Wanted.Type, count: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Wanted> {
    let frame = Self.frameBytes(of: body, count: count)
    if !writer.hasRoom(for: frame) { try awaitRoom(for: frame, timeout) }
    return lend(frame, count: count)
  }

  /// Lends room for a message of `count` elements, or returns nil while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReserve<Wanted: ResizableBody>(
    _ body: Wanted.Type, count: Int
  ) throws(ChannelError) -> Loan<Wanted>? {
    let frame = Self.frameBytes(of: body, count: count)
    guard try findRoom(for: frame) else { return nil }
    return lend(frame, count: count)
  }

  /// Lends room for a matrix, waiting while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func reserve<Wanted: ShapedBody>(
    _ body: Wanted.Type, rows: Int, columns: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Loan<Wanted> {
    let shape = Loan<Wanted>.shape(rows: rows, columns: columns)
    let frame = Self.frameBytes(of: body, count: LaneLayout.elements(rows, columns))
    if !writer.hasRoom(for: frame) { try awaitRoom(for: frame, timeout) }
    return lend(frame, count: rows &* columns, shape: shape)
  }

  /// Lends room for a matrix, or returns nil while the channel is full.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReserve<Wanted: ShapedBody>(
    _ body: Wanted.Type, rows: Int, columns: Int
  ) throws(ChannelError) -> Loan<Wanted>? {
    let shape = Loan<Wanted>.shape(rows: rows, columns: columns)
    let frame = Self.frameBytes(of: body, count: LaneLayout.elements(rows, columns))
    guard try findRoom(for: frame) else { return nil }
    return lend(frame, count: rows &* columns, shape: shape)
  }

  /// Sends one value of a fixed size, waiting while the channel is full.
  @inlinable @inline(__always)
  public mutating func send<Wanted: FixedSizeMessage>(
    _ value: Wanted, timeout: Duration? = nil
  ) throws(ChannelError) {
    let frame = Self.frameBytes(of: Wanted.self, count: 1)
    if !writer.hasRoom(for: frame) { try awaitRoom(for: frame, timeout) }
    var loan: Loan<Wanted> = lend(frame, count: 1)
    loan.value = value
    loan.send()
  }

  /// Sends a copy of `elements` as a `body`, waiting while the channel is full.
  @inlinable
  public mutating func send<Wanted: ResizableBody>(
    _ body: Wanted.Type, copying elements: Span<Wanted.Element>, timeout: Duration? = nil
  ) throws(ChannelError) {
    var loan = try reserve(body, count: elements.count, timeout: timeout)
    loan.fill(from: elements)
    loan.send()
  }

  /// Sends a copy of `text`, waiting while the channel is full.
  public mutating func send(_ text: String, timeout: Duration? = nil) throws(ChannelError) {
    var text = text
    text.makeContiguousUTF8()
    try send(Text.self, copying: text.utf8.span, timeout: timeout)
  }

  /// Bytes of a frame with its header. Traps on what no mixed channel can hold.
  @inlinable @inline(__always)
  static func frameBytes<Wanted: MessageBody>(of body: Wanted.Type, count: Int) -> Int {
    precondition(
      MemoryLayout<Wanted.Element>.alignment <= 8,
      "a mixed channel aligns its messages to 8 bytes: use a channel of this type alone")
    precondition(Wanted.hasItsOwnType, "ids of your own start at 1000")
    precondition(
      MemoryLayout<Wanted.Element>.stride <= LaneLayout.maximumElementSize,
      "no channel carries elements so large")
    return Mixed.frameBytes(
      payload: Wanted.prefixBytes
        &+ LaneLayout.elements(count) &* MemoryLayout<Wanted.Element>.stride)
  }

  /// Lends the next `frameBytes`, which are free.
  @inlinable @inline(__always)
  @_lifetime(&self)
  mutating func lend<Wanted: MessageBody>(
    _ frameBytes: Int, count: Int, shape: UInt64 = 0
  ) -> Loan<Wanted> {
    let position = writer.advance(by: frameBytes, messages: 1)
    let loan = Loan<Wanted>(
      writer: writer, position: position, headerBytes: Mixed.headerBytes, count: count,
      shape: shape)
    return unsafe _overrideLifetime(loan, mutating: &self)
  }
}

extension Receiver where Body == Mixed {
  /// Waits for the next message and takes it if it is a `Wanted`.
  ///
  /// Returns nil and throws as ``receive(timeout:)`` does.
  ///
  /// - Throws: also ``ChannelError/wrongType(expected:found:)``: then the message stays in the
  ///   channel, to be received as what it is.
  @inlinable
  @_lifetime(&self)
  public mutating func receive<Wanted: MessageBody>(
    _ body: Wanted.Type, timeout: Duration? = nil
  ) throws(ChannelError) -> Message<Wanted>? {
    guard try prepare(timeout) else { return nil }
    let before = reader.head
    let message: Message<Mixed> = try reader.take()
    let after = reader.head
    // It stays in the lane until it has turned out to be a whole `Wanted`.
    reader.head = before
    guard let wanted = try message.as(body) else {
      throw .wrongType(expected: Wanted.messageType, found: message.type)
    }
    reader.head = after
    return unsafe _overrideLifetime(wanted, mutating: &self)
  }
}
