internal import Synchronization

/// The connections of a server, and those among them in which something may have come.
final class Inbox: Sendable {
  /// Lanes without messages, for what they have beside: one receiver, and a word that it sleeps on.
  let doorbell: LaneSet

  private struct State {
    var peers: [PeerID: InboxPeer] = [:]
    /// Those to look at, the longest there first.
    var ready: [PeerID] = []
    var taken = 0
    var last: UInt32 = 0
    /// That of one of the connections.
    var bell: LaneBell?
    /// What the codec has done for those that are forgotten.
    var pastCodec: CodecStatistics?

    mutating func forget(_ peer: InboxPeer) -> InboxPeer? {
      let forgotten = peers.removeValue(forKey: peer.id)
      if let codec = forgotten?.carrier.codecStatistics { pastCodec = sum(pastCodec, codec) }
      if bell === peer.carrier.inbound.channel.bell {
        bell = peers.values.first?.carrier.inbound.channel.bell
      }
      return forgotten
    }

    func sum(_ some: CodecStatistics?, _ more: CodecStatistics) -> CodecStatistics {
      var sum = some ?? CodecStatistics()
      sum += more
      return sum
    }
  }
  private let state = Mutex(State())
  /// How many are ready, and whether nobody comes any more: written under the lock, and read without it
  /// by the receiver, which looks often.
  private let readyCount = Atomic<Int>(0)
  private let isClosed = Atomic<Bool>(false)

  init() throws(TransportError) {
    let bell = InboxBell()
    doorbell = try LaneSet.inMemory(
      MessageFormat(Bytes.self),
      ChannelShape(
        kind: .mpsc, producers: 1, consumers: 1, capacity: LaneLayout.minimumCapacity), bell: bell)
    bell.inbox = self
  }

  var carrierBell: LaneBell? { state.withLock(\.bell) }

  /// Connections that have ended, and of which nobody has read what came, are this many at most.
  private static let mostUnread = 1024

  /// Takes a connection, and the receiving end of its lane.
  ///
  /// - Throws: ``TransportError/Code/busy`` if too many have ended whose messages are still to be read.
  func add(_ carrier: Carrier) throws(TransportError) -> PeerID {
    let unread = state.withLock { state in state.peers.values.count { $0.carrier.isOver } }
    guard unread < Self.mostUnread else {
      throw TransportError(
        .busy,
        "\(unread) connections have ended whose messages the server has not received: try again later"
      )
    }
    let id = state.withLock { state in
      // Numbers come back after four billion of them.
      repeat {
        state.last &+= 1
      } while state.last == 0 || state.peers[PeerID(rawValue: state.last)] != nil
      return PeerID(rawValue: state.last)
    }
    let peer = try InboxPeer(id, carrier)
    state.withLock { state in
      state.peers[id] = peer
      state.bell = carrier.inbound.channel.bell
    }
    carrier.observeArrivals { [weak self] in self?.ring(id) }
    // What has come before is looked at, and the lane armed then.
    ring(id)
    return id
  }

  /// Something may have come from a peer.
  func ring(_ id: PeerID) {
    let isNews = state.withLock { state in
      guard let peer = state.peers[id], !peer.isQueued else { return false }
      peer.isQueued = true
      state.ready.append(id)
      readyCount.add(1, ordering: .sequentiallyConsistent)
      return true
    }
    guard isNews || forgetUnread(id) else { return }
    // Whoever announces its sleep fences and looks for who is ready: one of us sees the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    doorbell.channel.wakeReceivers()
  }

  /// True, and it is forgotten, if a connection has ended that nobody will forget else: nothing came of
  /// it that a receiver might want, and there is none.
  private func forgetUnread(_ id: PeerID) -> Bool {
    guard !doorbell.memory(of: .receiver(0)).isAttached else { return false }
    // Let go of without the lock: leaving an end has others called.
    let forgotten = state.withLock { state -> InboxPeer? in
      guard let peer = state.peers[id], peer.isEnding, peer.isEmpty else { return nil }
      // Nobody is there who would pass over it.
      let left = state.ready[state.taken...].filter { $0 != id }
      readyCount.subtract(
        state.ready.count - state.taken - left.count, ordering: .sequentiallyConsistent)
      (state.ready, state.taken) = (left, 0)
      return state.forget(peer)
    }
    return forgotten != nil
  }

  /// The next peer to look at.
  func next() -> InboxPeer? {
    // Sequentially consistent: who announces its sleep and then sees none is seen by whoever rings.
    guard readyCount.load(ordering: .sequentiallyConsistent) > 0 else { return nil }
    return state.withLock { state in
      while state.taken < state.ready.count {
        let id = state.ready[state.taken]
        state.taken += 1
        readyCount.subtract(1, ordering: .sequentiallyConsistent)
        if state.taken == state.ready.count {
          state.ready.removeAll(keepingCapacity: true)
          state.taken = 0
        }
        guard let peer = state.peers[id] else { continue }
        peer.isQueued = false
        return peer
      }
      return nil
    }
  }

  /// Puts a peer behind the others.
  func requeue(_ peer: InboxPeer) {
    state.withLock { state in
      guard !peer.isQueued else { return }
      peer.isQueued = true
      if state.taken > 1024 {
        state.ready.removeFirst(state.taken)
        state.taken = 0
      }
      state.ready.append(peer.id)
      readyCount.add(1, ordering: .sequentiallyConsistent)
    }
  }

  func remove(_ peer: InboxPeer) { _ = state.withLock { $0.forget(peer) } }

  func carrier(of id: PeerID) -> Carrier? { state.withLock { $0.peers[id]?.carrier } }

  var carriers: [(PeerID, Carrier)] {
    state.withLock { state in
      state.peers.values.map { ($0.id, $0.carrier) }.sorted { $0.0.rawValue < $1.0.rawValue }
    }
  }

  /// Of all connections there ever were.
  var codecStatistics: CodecStatistics? {
    state.withLock { state in
      state.peers.values.compactMap(\.carrier.codecStatistics)
        .reduce(state.pastCodec) { state.sum($0, $1) }
    }
  }

  /// Nobody comes any more: the receiver ends when the last peer is gone.
  func close() {
    isClosed.store(true, ordering: .sequentiallyConsistent)
    // As in ``ring(_:)``.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    doorbell.channel.wakeReceivers()
  }

  var isAtEnd: Bool { isClosed.load(ordering: .sequentiallyConsistent) && isEmpty }
  var isEmpty: Bool { state.withLock(\.peers.isEmpty) }
}
