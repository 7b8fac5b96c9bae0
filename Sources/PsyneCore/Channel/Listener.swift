internal import Glibc
internal import Synchronization

/// A thread that receives from a channel and calls a handler for each message, until it is stopped.
///
/// ```swift
/// let listener = try channel.listen(for: FloatVector.self) { samples in
///   process(samples.elements)
/// }
/// …
/// listener.stop()
/// ```
///
/// It outlives its senders: when the last one has closed, it waits for the next. Dropping it does not
/// stop it.
public final class Listener: Sendable {
  /// Nil when the end is free.
  private let claim: Mutex<ReceiverClaim?>
  let isStopping = Atomic(false)
  private let thread = Atomic<UInt>(0)
  private let unknown = Atomic<Int>(0)
  private let ended: Latch

  init(_ claim: ReceiverClaim) {
    self.claim = Mutex(claim)
    ended = Latch()
  }

  /// Whether it still receives.
  public var isListening: Bool { !ended.isSet }

  /// Messages of types that it has no handler for. Each was also reported.
  public var unknownMessages: Int { unknown.load(ordering: .relaxed) }

  /// Stops it, and waits until the handler has returned from the message in hand and the receiving end
  /// is free. What was not handled stays in the channel. The handler itself may call it, and then it
  /// does not wait.
  public func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    claim.withLock { $0?.interrupt() }
    if thread.load(ordering: .relaxed) != UInt(pthread_self()) { wait() }
  }

  /// Waits until it has ended: it was stopped, or cannot go on.
  public func wait() { ended.wait() }
}

/// What a listener reports beside the errors of the channel and of its handler.
public enum ListenerError: Error, Hashable, Sendable {
  /// A message of a type that has no handler.
  case unknownType(MessageType)
}

extension ListenerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownType(let type):
      "a message of type \(type) came, for which the listener has no handler"
    }
  }
}

extension Channel {
  /// Claims a receiving end and calls `handler` for each message, on a thread of its own.
  ///
  /// - Parameters:
  ///   - body: what the channel carries.
  ///   - waiting, share: as of ``receiver(waiting:share:)``.
  ///   - onError: is told, on the listener's thread, what the handler throws, and what receiving does:
  ///     after ``ChannelError/peerDied`` and ``ChannelError/lost(messages:)`` the listener goes on,
  ///     after others it ends. Left out, errors go to ``Diagnostics``.
  ///   - handler: called for one message after the other.
  /// - Throws: as ``receiver(waiting:share:)``; ``TransportError/Code/system`` where the system has no
  ///   thread for it.
  public func listen(
    for body: Body.Type = Body.self, waiting: WaitStrategy? = nil, share: Int = 256,
    onError: (@Sendable (any Error) -> Void)? = nil,
    _ handler: @escaping @Sendable (borrowing Message<Body>) throws -> Void
  ) throws(TransportError) -> Listener {
    try Listener.start(
      try receiver(waiting: waiting, share: share), onError ?? Listener.report, handler)
  }
}

extension Channel where Body == Mixed {
  /// Claims a receiving end and calls the handler for each message's type, on a thread of its own.
  ///
  /// ```swift
  /// let listener = try channel.listen { handlers in
  ///   handlers.on(FloatVector.self) { samples in … }
  ///   handlers.on(Pose.self) { pose in … }
  /// }
  /// ```
  ///
  /// Messages of other types are counted (``Listener/unknownMessages``) and reported to `onError` as
  /// ``ListenerError/unknownType(_:)``.
  ///
  /// - Parameters: as of ``listen(for:waiting:share:onError:_:)``.
  public func listen(
    waiting: WaitStrategy? = nil, share: Int = 256,
    onError: (@Sendable (any Error) -> Void)? = nil,
    handlers add: (inout MessageHandlers) -> Void
  ) throws(TransportError) -> Listener {
    var handlers = MessageHandlers()
    add(&handlers)
    let table = handlers
    return try listen(waiting: waiting, share: share, onError: onError) { message in
      try table.handle(message)
    }
  }
}

/// What to call for a message, by its type.
public struct MessageHandlers: Sendable {
  private var handlers: [MessageType: @Sendable (borrowing Message<Mixed>) throws -> Void] = [:]

  init() {}

  /// Sets what is called for messages that are a `body`.
  ///
  /// - Precondition: there is no handler for the type yet.
  public mutating func on<Wanted: MessageBody>(
    _ body: Wanted.Type, _ handler: @escaping @Sendable (borrowing Message<Wanted>) throws -> Void
  ) {
    precondition(handlers[Wanted.messageType] == nil, "two handlers for one type of message")
    handlers[Wanted.messageType] = { message in
      if let wanted = try message.as(body) { try handler(wanted) }
    }
  }

  fileprivate func handle(_ message: borrowing Message<Mixed>) throws {
    guard let handler = handlers[message.type] else {
      throw ListenerError.unknownType(message.type)
    }
    try handler(message)
  }
}

// MARK: The thread

extension Listener {
  fileprivate static func report(_ error: any Error) {
    Diagnostics.report(Diagnostic(.listener, "a listener met an error: \(error)"))
  }

  fileprivate static func start<Body: MessageBody>(
    _ receiver: consuming Receiver<Body>, _ onError: @escaping @Sendable (any Error) -> Void,
    _ handler: @escaping @Sendable (borrowing Message<Body>) throws -> Void
  ) throws(TransportError) -> Listener {
    let listener = Listener(receiver.claim)
    let handOver = HandOver(receiver)
    let isStarted = startServiceThread("psyne-listener") {
      listener.thread.store(UInt(pthread_self()), ordering: .relaxed)
      // In a function of its own: the end has to be free before the thread counts as ended.
      listener.run(handOver, onError, handler)
      listener.claim.withLock { $0 = nil }
      listener.ended.set()
    }
    guard isStarted else {
      throw TransportError(.system, "the system has no thread for a listener")
    }
    return listener
  }

  private func run<Body: MessageBody>(
    _ handOver: HandOver<Body>, _ onError: (any Error) -> Void,
    _ handler: (borrowing Message<Body>) throws -> Void
  ) {
    guard var receiver = handOver.take() else { return }
    while !isStopping.load(ordering: .relaxed) {
      do {
        if let message = try receiver.receive() {
          deliver(message, onError, handler)
        } else {
          try receiver.awaitSender()
        }
      } catch {
        switch error {
        // It was interrupted.
        case .timedOut: continue
        case .peerDied, .lost: onError(error)
        default: return onError(error)
        }
      }
    }
  }

  private func deliver<Body: MessageBody>(
    _ message: borrowing Message<Body>, _ onError: (any Error) -> Void,
    _ handler: (borrowing Message<Body>) throws -> Void
  ) {
    do {
      try handler(message)
    } catch {
      if case .unknownType = error as? ListenerError { unknown.add(1, ordering: .relaxed) }
      onError(error)
    }
  }
}

/// Carries a receiver into the closure of its thread, which cannot consume what it captures.
private final class HandOver<Body: MessageBody>: Sendable {
  private let receiver: Mutex<Receiver<Body>?>

  init(_ receiver: consuming Receiver<Body>) { self.receiver = Mutex(receiver) }

  func take() -> Receiver<Body>? { receiver.withLock { $0.take() } }
}
