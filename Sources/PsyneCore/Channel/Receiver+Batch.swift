/// Several messages lent at once, one after the other, until their receiver receives again.
///
/// Those that were not taken out of it stay in the channel.
@frozen @safe
public struct MessageBatch<Body: MessageBody>: ~Copyable, ~Escapable {
  @usableFromInline let lane: LaneMemory
  @usableFromInline let correction: UnsafeMutablePointer<Int>
  @usableFromInline let end: Int
  @usableFromInline let redeliveredUpTo: Int
  @usableFromInline let peer: PeerID
  @usableFromInline var position: Int
  @usableFromInline var remaining: Int
  /// 0, or what says that there is no message at `position`.
  @usableFromInline var flaw = 0

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ reader: LaneReader, limit: Int) {
    lane = reader.lane
    unsafe correction = reader.correction
    end = reader.tail
    redeliveredUpTo = reader.view.redeliveredUpTo
    peer = reader.view.peer
    position = reader.head
    remaining = limit
  }

  @inlinable @inline(__always)
  deinit { unsafe correction.pointee = position &+ flaw }

  /// The next message of the batch, or nil at its end. Earlier ones of the batch stay valid.
  ///
  /// - Throws: ``ChannelError/corrupt(_:)``.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  public mutating func next() throws(ChannelError) -> Message<Body>? {
    guard remaining > 0, position != end else { return nil }
    do {
      let message: Message<Body> = try lane.message(
        at: &position, before: end, redeliveredUpTo: redeliveredUpTo, peer: peer)
      remaining &-= 1
      return unsafe _overrideLifetime(message, copying: self)
    } catch {
      flaw = .min
      throw error
    }
  }
}

extension Receiver {
  /// Waits for a message, and lends it and those behind it, at most `limit`.
  ///
  /// ```swift
  /// while var batch = try receiver.receive(batch: 64) {
  ///   while let message = try batch.next() { … }
  /// }
  /// ```
  ///
  /// Returns nil and throws as ``receive(timeout:)`` does.
  ///
  /// - Precondition: `limit` is at least 1.
  @inlinable
  @_lifetime(&self)
  public mutating func receive(
    batch limit: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> MessageBatch<Body>? {
    precondition(limit > 0, "a batch has at least one message")
    guard try prepare(timeout) else { return nil }
    reader.lendBatch(upTo: reader.tail)
    let batch = MessageBatch<Body>(reader, limit: limit)
    return unsafe _overrideLifetime(batch, mutating: &self)
  }
}

extension Receiver where Body: FixedSizeMessage {
  /// Waits for a message, and lends it and those behind it, at most `limit`, as one message of as
  /// many ``Message/elements``.
  ///
  /// Returns nil and throws as ``receive(timeout:)`` does.
  ///
  /// - Precondition: `limit` is at least 1.
  @inlinable
  @_lifetime(&self)
  public mutating func receive(
    batch limit: Int, timeout: Duration? = nil
  ) throws(ChannelError) -> Message<Body>? {
    precondition(limit > 0, "a batch has at least one message")
    guard try prepare(timeout) else { return nil }
    let message: Message<Body> = try reader.take(upTo: limit)
    return unsafe _overrideLifetime(message, mutating: &self)
  }
}
