// Sending as the sender's `whenFull` says, for a task: it is suspended where the functions that block wait.

extension Sender {
  /// Whether there is room for a frame, or will be in time; false if the message is to be dropped.
  @inlinable
  mutating func makeRoom(
    for frameBytes: Int, _ whenFull: WhenFull?
  ) async throws(ChannelError) -> Bool {
    if writer.hasRoom(for: frameBytes) { return true }
    let whenFull = whenFull ?? self.whenFull
    switch whenFull {
    case .wait: try await suspend(for: frameBytes, nil)
    case .waitUpTo(let time): try await suspend(for: frameBytes, time)
    case .fail, .dropNewest: return try makeRoomSlowly(for: frameBytes, whenFull, messages: 1)
    }
    return true
  }
}

extension Sender where Body: ResizableBody {
  /// Lends room for a message of `count` elements, as ``whenFull`` says where there is none; suspends the
  /// task while it waits.
  ///
  /// - Parameter whenFull: for this message; nil is the sender's own.
  /// - Returns: nil if the message is to be dropped, which is counted.
  /// - Throws: ``ChannelError/full`` or ``ChannelError/timedOut`` if that was asked for; else as
  ///   ``reserve(count:timeout:)``.
  @inlinable
  @_lifetime(&self)
  public mutating func offer(
    count: Int, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Loan<Body>? {
    let bytes = Self.frameBytes(count: count)
    guard try await makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: count)
  }

  /// Sends a copy of `elements`, as ``whenFull`` says where there is no room.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @discardableResult
  public mutating func offer(
    copying elements: [Body.Element], whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Bool {
    let bytes = Self.frameBytes(count: elements.count)
    guard try await makeRoom(for: bytes, whenFull) else { return false }
    var loan = loan(frameBytes: bytes, count: elements.count)
    loan.fill(from: elements.span)
    loan.send()
    return true
  }
}

extension Sender where Body: ShapedBody {
  /// Lends room for a matrix, as ``whenFull`` says where there is none; suspends the task while it waits.
  @inlinable
  @_lifetime(&self)
  public mutating func offer(
    rows: Int, columns: Int, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Loan<Body>? {
    let shape = Loan<Body>.shape(rows: rows, columns: columns)
    let bytes = Self.frameBytes(count: LaneLayout.elements(rows, columns))
    guard try await makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: rows &* columns, shape: shape)
  }
}

extension Sender where Body: FixedSizeMessage {
  /// Lends room for one message, as ``whenFull`` says where there is none; suspends the task while it waits.
  @inlinable
  @_lifetime(&self)
  public mutating func offer(
    whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Loan<Body>? {
    let bytes = MemoryLayout<Body>.stride
    guard try await makeRoom(for: bytes, whenFull) else { return nil }
    return loan(frameBytes: bytes, count: 1)
  }

  /// Sends one value, as ``whenFull`` says where there is no room; suspends the task while it waits.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @inlinable @discardableResult
  public mutating func offer(
    _ value: Body, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Bool {
    let bytes = MemoryLayout<Body>.stride
    guard try await makeRoom(for: bytes, whenFull) else { return false }
    var loan = loan(frameBytes: bytes, count: 1)
    loan.value = value
    loan.send()
    return true
  }
}

extension Sender where Body == Text {
  /// Sends a copy of `text`, as ``whenFull`` says where there is no room; suspends the task while it waits.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @discardableResult
  public mutating func offer(
    _ text: String, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Bool {
    try await offer(copying: Array(text.utf8), whenFull: whenFull)
  }
}

extension Sender where Body == Mixed {
  /// Lends room for a message of `count` elements, as ``whenFull`` says where there is none; suspends the task
  /// while it waits.
  @inlinable
  @_lifetime(&self)
  public mutating func offer<Wanted: ResizableBody>(
    _ body: Wanted.Type, count: Int, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Loan<Wanted>? {
    let frame = Self.frameBytes(of: body, count: count)
    guard try await makeRoom(for: frame, whenFull) else { return nil }
    return lend(frame, count: count)
  }

  /// Sends one value of a fixed size, as ``whenFull`` says where there is no room; suspends the task while it
  /// waits.
  ///
  /// - Returns: false if the message was dropped, which is counted.
  @inlinable @discardableResult
  public mutating func offer<Wanted: FixedSizeMessage>(
    _ value: Wanted, whenFull: WhenFull? = nil
  ) async throws(ChannelError) -> Bool {
    let frame = Self.frameBytes(of: Wanted.self, count: 1)
    guard try await makeRoom(for: frame, whenFull) else { return false }
    var loan: Loan<Wanted> = lend(frame, count: 1)
    loan.value = value
    loan.send()
    return true
  }
}
