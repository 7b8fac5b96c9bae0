/// The messages of a channel as copies, for `for try await`. Convenience: each is an allocation; to
/// read messages where they lie, call ``Receiver/next(timeout:)``.
///
/// It ends when the senders have closed and everything was received. Cancelling the task that iterates
/// ends it with ``ChannelError/cancelled``.
public struct ReceivedCopies<Body: MessageBody, Copy>: AsyncSequence {
  public typealias Element = Copy
  public typealias Failure = ChannelError

  private let end: End
  private let copy: @Sendable (borrowing Message<Body>) -> Copy

  init(
    _ receiver: consuming Receiver<Body>,
    _ copy: @escaping @Sendable (borrowing Message<Body>) -> Copy
  ) {
    end = End(receiver)
    self.copy = copy
  }

  /// The receiver, which iterators share: an iterator cannot own one, since it must be copyable.
  fileprivate final class End {
    var receiver: Receiver<Body>
    init(_ receiver: consuming Receiver<Body>) { self.receiver = receiver }
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let end: End
    fileprivate let copy: @Sendable (borrowing Message<Body>) -> Copy

    public mutating func next() async throws(ChannelError) -> Copy? {
      try await end.receiver.nextCopy(copy)
    }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ChannelError) -> Copy? {
      try await end.receiver.nextCopy(copy)
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(end: end, copy: copy) }
}

extension Receiver {
  fileprivate mutating func nextCopy<Copy>(
    _ copy: (borrowing Message<Body>) -> Copy
  ) async throws(ChannelError) -> Copy? {
    guard let message = try await next() else { return nil }
    return copy(message)
  }
}

extension ReceivedCopies: @unchecked Sendable {
  // Unchecked: it hands its one receiver on. Two tasks that iterate at the same time trap, as two
  // accesses to one variable do.
}

extension Channel where Body: ResizableBody {
  /// Claims a receiving end and iterates over copies of its messages.
  ///
  /// - Throws: as ``receiver(waiting:share:)``.
  public func copies(share: Int = 256) throws(TransportError) -> ReceivedCopies<
    Body, [Body.Element]
  > {
    ReceivedCopies(try receiver(share: share)) { Array(copying: $0.elements) }
  }
}

extension Channel where Body: FixedSizeMessage {
  /// Claims a receiving end and iterates over copies of its messages.
  ///
  /// - Throws: as ``receiver(waiting:share:)``.
  public func copies(share: Int = 256) throws(TransportError) -> ReceivedCopies<Body, Body> {
    ReceivedCopies(try receiver(share: share)) { $0.value }
  }
}
