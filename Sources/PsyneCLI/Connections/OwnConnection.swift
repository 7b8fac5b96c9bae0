internal import Glibc
internal import Psyne
internal import Synchronization

/// A connection to who listens, which is left in order whatever ends the process.
final class OwnConnection<Body: MessageBody & SendableMetatype>: Sendable {
  /// Nil once it is let go of.
  private let connection: Mutex<Connection<Body>?>
  let peer: String
  let largestMessage: Int
  private let end = Ending()

  private init(_ connection: Connection<Body>, _ talk: ConnectionTalk) {
    self.connection = Mutex(connection)
    peer = connection.peer
    largestMessage = connection.largestMessage
    connection.onEvent { [end, peer, weak self] event in
      // How it failed is told when the process ends by it.
      if case .failed = event {} else { talk.tell(event, of: peer) }
      // Another process listens there now, which has nothing of what the first one had: to go on would
      // make two halves of one whole.
      if case .restarted = event {
        end.wasRestarted.store(true, ordering: .relaxed)
        self?.connection.withLock { $0 }?.abandon()
      }
      end.note(event.isEnd)
    }
    talk.tell("connected to \(peer) over \(connection.details)")
    // It may have ended before.
    end.note(connection.state == .closed || connection.state == .failed)
  }

  /// Connects to who listens.
  static func open(
    _ address: String, _ options: ChannelOptions, _ talk: ConnectionTalk
  ) throws -> OwnConnection {
    // It may take long, which nothing does that guards: a signal ends us meanwhile, and what was half
    // connected ends with the process.
    let connection: Connection<Body>
    do throws(TransportError) {
      connection = try TransportRegistry.standard.connect(address, options: options)
    } catch {
      // What is not found may be a certificate's file, which no waiting brings.
      guard error.code == .notFound, error.errno != ENOENT, error.errno != ENOTDIR else {
        throw error
      }
      throw Failure(.timeout, error.message)
    }
    return Departure.guarding {
      OwnConnection(connection, talk)
    } cleanUp: {
      $0.leave()
      Progress.endLine()
    }
  }

  func sender() throws -> Sender<Body> { try opened().sender() }

  func receiver() throws -> Receiver<Body> { try opened().receiver() }

  private func opened() throws -> Connection<Body> {
    guard let connection = connection.withLock({ $0 }) else { throw ChannelError.closed }
    return connection
  }

  /// What its codec has done; nil where there is none.
  var codecStatistics: CodecStatistics? { connection.withLock { $0?.statistics.codec } }

  /// Ends it, not in order: the other side is told.
  func leave() {
    // Longer than it takes but where the network, or the other side, has stopped.
    connection.withLock { $0 }?.leave(within: .seconds(1))
  }

  /// Whether the other side's process is another one than it was.
  var wasRestarted: Bool { end.wasRestarted.load(ordering: .relaxed) }

  /// Why it failed, if it did.
  var failure: ConnectionFailure? { connection.withLock { $0?.failure } }

  /// Ends it in order and waits until that has arrived, or cannot. Its ends have to be closed before.
  func close() {
    connection.withLock { $0 = nil }
    end.latch.wait()
  }
}

/// When a connection has ended.
private final class Ending: Sendable {
  let latch = Latch()
  let wasRestarted = Atomic<Bool>(false)

  func note(_ isEnd: Bool) { if isEnd { latch.set() } }
}

extension ConnectionEvent {
  fileprivate var isEnd: Bool {
    switch self {
    case .closed, .failed: true
    case .connected, .interrupted, .resumed, .restarted: false
    }
  }
}

extension ChannelArguments {
  /// Connects to who listens, and waits for it as long as `--timeout` says.
  func connect<Body: MessageBody & SendableMetatype>(
    to body: Body.Type
  ) throws -> OwnConnection<Body> {
    let address = try betweenProcesses()
    var options = ChannelOptions(capacity: capacity)
    if let timeout {
      options.connectTimeout = timeout.duration
    } else if try !ChannelAddress(address).options.contains(where: { $0.name == "connecttimeout" })
    {
      options.connectTimeout = Self.forEver
    }
    return try .open(address, options, talk)
  }

  /// Ten years: more would be more than a clock of nanoseconds can add up.
  private static var forEver: Duration { .seconds(10 * 365 * 86_400) }
}
