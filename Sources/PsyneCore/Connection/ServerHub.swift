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
  func accept(_ carrier: Carrier) throws(TransportError) {
    let id = try inbox.add(carrier)
    carrier.observe { [weak self] event in self?.tell(id, event) }
  }

  private func tell(_ id: PeerID, _ event: ConnectionEvent) {
    state.withLock(\.onEvent)?(id, event)
  }

  func observe(_ handler: @escaping @Sendable (PeerID, ConnectionEvent) -> Void) {
    state.withLock { $0.onEvent = handler }
  }

  func carrier(of peer: PeerID) -> Carrier? { inbox.carrier(of: peer) }

  func close() {
    let place = state.withLock { state in
      state.isClosed = true
      return state.place
    }
    place?.close()
    for (_, carrier) in inbox.carriers { carrier.close(linger: nil) }
    inbox.close()
  }

  func abandon() {
    state.withLock(\.place)?.close()
    for (_, carrier) in inbox.carriers { carrier.abandon() }
    inbox.close()
  }
}
