// Sending as the sender's `whenFull` says: to wait, to fail, or to drop.

extension Sender {
  /// Whether there is room for a frame, or will be in time; false if the message is to be dropped.
  @inlinable @inline(__always)
  mutating func makeRoom(
    for frameBytes: Int, _ whenFull: WhenFull?, messages: Int = 1
  ) throws(ChannelError) -> Bool {
    if writer.hasRoom(for: frameBytes) { return true }
    return try makeRoomSlowly(for: frameBytes, whenFull ?? self.whenFull, messages: messages)
  }

  @usableFromInline
  mutating func makeRoomSlowly(
    for frameBytes: Int, _ whenFull: WhenFull, messages: Int
  ) throws(ChannelError) -> Bool {
    switch whenFull {
    case .wait: try awaitRoom(for: frameBytes, nil)
    case .waitUpTo(let time): try awaitRoom(for: frameBytes, time)
    case .fail: guard try findRoom(for: frameBytes) else { throw .full }
    case .dropNewest:
      guard try findRoom(for: frameBytes) else {
        claim.countDrops(messages)
        return false
      }
    }
    return true
  }
}

extension Sender where Body: ResizableBody {
  /// Lends room for a message of `count` elements, as ``whenFull`` says where there is none.
  ///
  /// - Parameter whenFull: for this message; nil is the sender's own.
  /// - Returns: nil if the message is to be dropped, which is counted.
  /// - Throws: ``ChannelError/full`` or ``ChannelError/timedOut`` if that was asked for; else as
  ///   ``reserve(count:timeout:)``.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func offer(
    count: Int, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Loan<Body>? {
    let bytes = Self.frameBytes(count: count)
    guard try makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: count)
  }

  /// Sends a copy of `elements`, as ``whenFull`` says where there is no room.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @inlinable @discardableResult
  public mutating func offer(
    copying elements: Span<Body.Element>, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Bool {
    guard var loan = try offer(count: elements.count, whenFull: whenFull) else { return false }
    loan.fill(from: elements)
    loan.send()
    return true
  }
}

extension Sender where Body: ShapedBody {
  /// Lends room for a matrix, as ``whenFull`` says where there is none. See
  /// ``offer(count:whenFull:)``.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func offer(
    rows: Int, columns: Int, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Loan<Body>? {
    let shape = Loan<Body>.shape(rows: rows, columns: columns)
    let bytes = Self.frameBytes(count: LaneLayout.elements(rows, columns))
    guard try makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: rows &* columns, shape: shape)
  }
}

extension Sender where Body: FixedSizeMessage {
  /// Lends room for one message, as ``whenFull`` says where there is none. See
  /// ``offer(count:whenFull:)``.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func offer(whenFull: WhenFull? = nil) throws(ChannelError) -> Loan<Body>? {
    let bytes = MemoryLayout<Body>.stride
    guard try makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: 1)
  }

  /// Sends one value, as ``whenFull`` says where there is no room.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @inlinable @inline(__always) @discardableResult
  public mutating func offer(
    _ value: Body, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Bool {
    guard try makeRoom(for: MemoryLayout<Body>.stride, whenFull) else { return false }
    var loan = loan(frameBytes: MemoryLayout<Body>.stride, count: 1)
    loan.value = value
    loan.send()
    return true
  }
}

extension Sender where Body == Text {
  /// Sends a copy of `text`, as ``whenFull`` says where there is no room.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @discardableResult
  public mutating func offer(
    _ text: String, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Bool {
    var text = text
    text.makeContiguousUTF8()
    return try offer(copying: text.utf8.span, whenFull: whenFull)
  }
}

extension Sender where Body == Mixed {
  /// Lends room for a message of `count` elements, as ``whenFull`` says where there is none. See
  /// ``offer(count:whenFull:)`` of a channel of one type.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func offer<Wanted: ResizableBody>(
    _ body: Wanted.Type, count: Int, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Loan<Wanted>? {
    let frame = Self.frameBytes(of: body, count: count)
    guard try makeRoom(for: frame, whenFull) else { return nil }
    return lend(frame, count: count)
  }

  /// Sends one value of a fixed size, as ``whenFull`` says where there is no room.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @inlinable @inline(__always) @discardableResult
  public mutating func offer<Wanted: FixedSizeMessage>(
    _ value: Wanted, whenFull: WhenFull? = nil
  ) throws(ChannelError) -> Bool {
    let frame = Self.frameBytes(of: Wanted.self, count: 1)
    guard try makeRoom(for: frame, whenFull) else { return false }
    var loan: Loan<Wanted> = lend(frame, count: 1)
    loan.value = value
    loan.send()
    return true
  }
}
