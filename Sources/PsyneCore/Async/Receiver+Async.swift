extension Receiver {
  /// The next message; suspends the task while there is none, without blocking a thread.
  ///
  /// ```swift
  /// while let samples = try await receiver.next() { … }
  /// ```
  ///
  /// A task that runs on ``Reactor/shared`` is woken soonest.
  ///
  /// - Parameter timeout: how long to wait; zero polls, nil waits for ever.
  /// - Returns: the message, or nil when the senders have closed and everything was received.
  /// - Throws: as ``receive(timeout:)``; ``ChannelError/cancelled`` if the task is cancelled while it
  ///   waits.
  @inlinable
  @_lifetime(&self)
  public mutating func next(
    timeout: Duration? = nil
  ) async throws(ChannelError) -> Message<Body>? {
    if !(reader.finishLent() || reader.isSingle && reader.fetch(looks: 64)) {
      guard try await suspend(timeout) else { return nil }
    }
    return try takeNext()
  }

  /// The next message and those behind it, at most `limit`; suspends the task while there is none.
  ///
  /// Returns nil and throws as ``next(timeout:)`` does.
  ///
  /// - Precondition: `limit` is at least 1.
  @inlinable
  @_lifetime(&self)
  public mutating func next(
    batch limit: Int, timeout: Duration? = nil
  ) async throws(ChannelError) -> MessageBatch<Body>? {
    precondition(limit > 0, "a batch has at least one message")
    if !(reader.finishLent() || reader.isSingle && reader.fetch(looks: 64)) {
      guard try await suspend(timeout) else { return nil }
    }
    reader.lendBatch(upTo: reader.tail)
    let batch = MessageBatch<Body>(reader, limit: limit)
    return unsafe _overrideLifetime(batch, mutating: &self)
  }

  /// Waits until a sender is there, or something to be received; suspends the task meanwhile.
  ///
  /// - Throws: ``ChannelError/timedOut``, ``ChannelError/cancelled``.
  public mutating func awaitSender(timeout: Duration? = nil) async throws(ChannelError) {
    reader.settle()
    try await claim.awaitSender(after: reader.view, until: Deadline(after: timeout))
  }

  @usableFromInline
  mutating func suspend(_ timeout: Duration?) async throws(ChannelError) -> Bool {
    var view = reader.view
    do throws(ChannelError) {
      try await claim.nextMessages(after: &view, until: Deadline(after: timeout))
    } catch {
      // It has gone on, though it has found nothing.
      reader.adopt(view)
      throw error
    }
    reader.adopt(view)
    return try view.outcome.isMessages()
  }
}
