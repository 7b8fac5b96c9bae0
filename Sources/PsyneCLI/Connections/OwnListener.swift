internal import Psyne
internal import Synchronization

/// A place where others connect, which is left in order whatever ends the process.
final class OwnListener<Body: MessageBody & SendableMetatype>: Sendable {
  let server: Server<Body>
  let roster = Roster()
  /// Whether what becomes of connections is our own doing.
  private let isLeaving = Atomic<Bool>(false)

  private init(_ server: Server<Body>, _ talk: ConnectionTalk) {
    self.server = server
    let introductions = Introductions(talk)
    server.onEvent { [roster, weak self] peer, event in
      if event == .connected {
        introductions.tell(server.peers.first { $0.id == peer }, server.details(of: peer))
      }
      if self?.isLeaving.load(ordering: .relaxed) != true {
        talk.tell(event, of: server.name(of: peer))
      }
      roster.note(peer, event)
    }
    // Some may have come before.
    let peers = server.peers
    for peer in peers where peer.state != .connecting {
      introductions.tell(peer, server.details(of: peer.id))
    }
    roster.take(peers.map { ($0.id, $0.state) })
  }

  /// Listens, and says where if a port was found.
  static func open(
    _ address: String, _ options: ChannelOptions, _ talk: ConnectionTalk
  ) throws -> OwnListener {
    let listener = try Departure.guarding {
      OwnListener(try TransportRegistry.standard.listen(address, options: options), talk)
    } cleanUp: {
      $0.leave()
      Progress.endLine()
    }
    if try ChannelAddress(address).authority.hasSuffix(":0") {
      ConnectionTalk.tellPlace(listener.server.address)
    }
    return listener
  }

  /// Lets nobody connect any more, once all that came are gone.
  func closeWhenAllAreGone() {
    roster.whenAllAreGone { [server] in
      // Not here: this is a thread that tells of events, and closing may wait for it.
      Task.detached { server.close() }
    }
  }

  /// Ends every connection, not in order, and for good: nobody is to wait until somebody listens here again.
  func leave() {
    isLeaving.store(true, ordering: .relaxed)
    // Longer than it takes to tell them but where the network, or the other side, has stopped.
    server.leave(within: .seconds(1))
  }

  /// Ends every connection in order, and waits until that has arrived where the other side can hear it.
  func close() {
    server.close()
    _ = roster.wait(timeout: nil) { $0.here == 0 }
  }
}

extension Server {
  /// Who a peer is, for people.
  fileprivate func name(of peer: PeerID) -> String {
    peers.first { $0.id == peer }?.name ?? "\(peer)"
  }
}

extension ChannelArguments {
  /// Listens, so that the place is left whatever ends the process.
  func listen<Body: MessageBody & SendableMetatype>(
    for body: Body.Type
  ) throws -> OwnListener<Body> {
    let address = try betweenProcesses()
    let options = ChannelOptions(capacity: capacity)
    return try .open(address, options, talk)
  }
}
