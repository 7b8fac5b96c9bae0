internal import CPsyne
internal import Synchronization

/// What a server's handles and ends share.
public final class ServerHub: Sendable {
  let inbox: Inbox
  let options: ChannelOptions
  private struct State {
    var place: (any ListeningPlace)?
    var onEvent: (@Sendable (PeerID, ConnectionEvent) -> Void)?
    var isClosed = false
  }
  private let state = Mutex(State())

  init(_ options: ChannelOptions) throws(TransportError) {
    self.options = options
    inbox = try Inbox()
  }

  deinit { close() }

  /// Called when the transport listens.
  func open(_ place: any ListeningPlace) { state.withLock { $0.place = place } }

  var address: String { state.withLock { $0.place?.address ?? "" } }

  /// Takes a connection that somebody has made.
  ///
  /// - Throws: if it is one too many, or too late. The connection is then still the transport's.
  func accept(_ carrier: Carrier) throws(TransportError) {
    try checkOpen()
    let id = try inbox.add(carrier)
    carrier.observe { [weak self] event in self?.tell(id, event) }
    // Whoever closes ends those that it finds in the inbox: if not this one, it is seen here.
    try checkOpen()
  }

  private func checkOpen() throws(TransportError) {
    guard !state.withLock(\.isClosed) else {
      throw TransportError(.closed, "the server closes, and takes nobody any more")
    }
  }

  private func tell(_ id: PeerID, _ event: ConnectionEvent) {
    state.withLock(\.onEvent)?(id, event)
  }

  func observe(_ handler: @escaping @Sendable (PeerID, ConnectionEvent) -> Void) {
    state.withLock { $0.onEvent = handler }
  }

  func carrier(of peer: PeerID) -> Carrier? { inbox.carrier(of: peer) }

  func close() { end { $0.close() } }

  func abandon() { end { $0.abandon() } }

  /// Ends everything for good, and waits until the others know, for as long as `patience` says.
  func leave(within patience: Duration) {
    shut()
    let leavers = inbox.carriers.compactMap { $0.1 as? any Leaver }
    for leaver in leavers { leaver.leave() }
    let deadline = cpsyne_monotonic_ns() + patience.nanoseconds
    for leaver in leavers { leaver.awaitEnd(until: deadline) }
    abandon()
  }

  private func end(_ endConnection: (Carrier) -> Void) {
    shut()
    for (_, carrier) in inbox.carriers { endConnection(carrier) }
    inbox.close()
  }

  /// Lets nobody connect any more.
  private func shut() {
    let place = state.withLock { state in
      state.isClosed = true
      return state.place
    }
    place?.close()
  }
}
