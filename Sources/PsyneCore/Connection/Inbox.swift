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

  /// Takes a connection, and the receiving end of its lane.
  func add(_ carrier: Carrier) throws(TransportError) -> PeerID {
    let id = state.withLock { state in
      state.last += 1
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
    let hasReceiver = doorbell.memory(of: .receiver(0)).isAttached
    let isNews = state.withLock { state in
      guard let peer = state.peers[id], !peer.isQueued else { return false }
      if !hasReceiver, peer.isEnding, !peer.hasNews {
        // Nobody is there to forget it.
        state.peers[id] = nil
        return false
      }
      peer.isQueued = true
      state.ready.append(id)
      readyCount.add(1, ordering: .sequentiallyConsistent)
      return true
    }
    guard isNews else { return }
    // Whoever announces its sleep fences and looks for who is ready: one of us sees the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    doorbell.channel.wakeReceivers()
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

  func remove(_ peer: InboxPeer) { state.withLock { _ = $0.peers.removeValue(forKey: peer.id) } }

  func carrier(of id: PeerID) -> Carrier? { state.withLock { $0.peers[id]?.carrier } }

  var carriers: [(PeerID, Carrier)] {
    state.withLock { state in
      state.peers.values.map { ($0.id, $0.carrier) }.sorted { $0.0.rawValue < $1.0.rawValue }
    }
  }

  /// Nobody comes any more: the receiver ends when the last peer is gone.
  func close() {
    isClosed.store(true, ordering: .sequentiallyConsistent)
    doorbell.channel.wakeReceivers()
  }

  var isAtEnd: Bool { isClosed.load(ordering: .sequentiallyConsistent) && isEmpty }
  var isEmpty: Bool { state.withLock(\.peers.isEmpty) }
}

/// One connection of a server, as its receiver sees it.
final class InboxPeer: @unchecked Sendable {
  // Unchecked: `isQueued` is guarded by the inbox's lock; the view belongs to the one receiver.
  let id: PeerID
  let carrier: Carrier
  let lane: LaneMemory
  var isQueued = false
  /// Where reading stands.
  var view: LaneView

  /// Takes the receiving end of what the peer sends.
  init(_ id: PeerID, _ carrier: Carrier) throws(TransportError) {
    let lanes = carrier.inbound
    let lane = lanes.lanes[0]
    (self.id, self.carrier, self.lane) = (id, carrier, lane)
    var start: LaneView?
    _ = try lanes.attach(toOneOf: lanes.receivers) { _ in
      start = LaneView(resuming: lane, of: lanes, slot: 0)
      return start != nil
    }
    guard var start else {
      preconditionFailure("an end is attached with its position or not at all")
    }
    start.peer = id
    start.redeliveredUpTo = max(start.redeliveredUpTo, carrier.redeliveredUpTo)
    view = start
    lanes.prefault(0)
  }

  deinit { carrier.inbound.detach(.receiver(0)) }
}
