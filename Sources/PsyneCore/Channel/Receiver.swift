/// The receiving end of a channel.
///
/// Use it from one thread at a time. A message it hands out is lent until the next call of any of
/// its `receive` functions, or ``release()``. The compiler holds you to it by scope: bind a message
/// with `while let` or `if let`, or in a `do` block, and the next call can follow. Dropping it closes
/// it; the last message then counts as read.
@frozen @safe
public struct Receiver<Body: MessageBody>: ~Copyable, Sendable {
  @usableFromInline let claim: ReceiverClaim
  @usableFromInline var reader: LaneReader

  init(_ claim: ReceiverClaim) {
    self.claim = claim
    reader = LaneReader(claim)
  }

  deinit {
    guard !claim.wasLeft else { return }
    var reader = reader
    reader.finishAll()
  }

  /// Gives the lent message's room back to the sender at once, instead of with the next ones.
  @inlinable
  public mutating func release() {
    _ = reader.finishLent()
    reader.publishHead()
    if !reader.isSingle { claim.wakeOthersAtEnd() }
  }

  /// Waits until a sender is there, or has been there: for a receiver that goes on with the next
  /// sender when one has closed or died.
  ///
  /// - Parameter timeout: nil waits for ever.
  /// - Throws: ``ChannelError/timedOut``.
  public mutating func awaitSender(timeout: Duration? = nil) throws(ChannelError) {
    reader.settle()
    try claim.awaitSender(after: reader.view, until: Deadline(after: timeout))
  }

  /// Leaves the channel as if this process had died, and has who waits on this end go on. Any thread may call
  /// it.
  package var abandonment: @Sendable () -> Void {
    { [claim] in
      claim.interrupt()
      claim.lanes.leave(as: .died)
    }
  }

  /// Closes the end in order, as dropping it does.
  public consuming func close() {}
}

// MARK: Receiving

extension Receiver {
  /// Waits for the next message.
  ///
  /// - Parameter timeout: how long to wait; zero polls, nil waits for ever.
  /// - Returns: the message, or nil when the sender has closed and everything was received. Asked
  ///   again, it says so again until another sender comes.
  /// - Throws: ``ChannelError/timedOut``; ``ChannelError/peerDied`` after the last message of a sender
  ///   that died; of a broadcast, ``ChannelError/lost(messages:)``, after which it goes on, and
  ///   ``ChannelError/evicted``; ``ChannelError/corrupt(_:)``.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func receive(
    timeout: Duration? = nil
  ) throws(ChannelError) -> Message<Body>? {
    guard try prepare(timeout) else { return nil }
    return try takeNext()
  }

  /// The next message, or nil if there is none now.
  ///
  /// - Throws: ``ChannelError/closed`` when the sender has closed and everything was received; else
  ///   as ``receive(timeout:)``.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReceive() throws(ChannelError) -> Message<Body>? {
    guard try prepareNow() else { return nil }
    return try takeNext()
  }

  /// Takes back what was lent, and waits for a message. False at the end of the stream.
  @inlinable @inline(__always)
  mutating func prepare(_ timeout: Duration?) throws(ChannelError) -> Bool {
    if reader.finishLent() || reader.isSingle && reader.fetch(looks: 64) { return true }
    return try awaitMessages(until: timeout == nil ? .never : Deadline(after: timeout))
  }

  /// Takes back what was lent, and looks for a message. False if there is none now.
  @inlinable @inline(__always)
  mutating func prepareNow() throws(ChannelError) -> Bool {
    if reader.finishLent() || reader.isSingle && reader.fetch(looks: 1) { return true }
    return try pollMessages()
  }

  /// Takes the next frame, which is there.
  @inlinable @inline(__always)
  @_lifetime(&self)
  mutating func takeNext() throws(ChannelError) -> Message<Body> {
    let message: Message<Body> = try reader.take()
    return unsafe _overrideLifetime(message, mutating: &self)
  }

  /// True when there is a message, false at the end of the stream.
  @inlinable
  mutating func awaitMessages(until deadline: Deadline) throws(ChannelError) -> Bool {
    reader.adopt(try claim.awaitMessages(after: reader.view, until: deadline))
    return try reader.view.outcome.isMessages()
  }

  /// True when there is a message, false when there is none now.
  @inlinable
  mutating func pollMessages() throws(ChannelError) -> Bool {
    reader.adopt(try claim.pollMessages(after: reader.view))
    if reader.view.outcome == .nothing { return false }
    guard try reader.view.outcome.isMessages() else { throw .closed }
    return true
  }
}
