internal import Psyne
internal import Synchronization

/// Who has connected to a listener of ours, and what has become of them.
final class Roster: Sendable {
  enum Standing {
    case here, interrupted
    /// It ended in order.
    case left
    /// It ended, and not in order.
    case died
  }

  struct Counts {
    /// Those that are there, and those that can come back.
    var here = 0, interrupted = 0
    var left = 0, died = 0

    /// Whether somebody came, and nobody is left.
    var areAllGone: Bool { here + interrupted == 0 && left + died > 0 }
  }

  private struct State {
    var standings: [PeerID: Standing] = [:]
    var change = Latch()
    var whenAllAreGone: (@Sendable () -> Void)?

    var counts: Counts {
      standings.values.reduce(into: Counts()) { counts, standing in
        switch standing {
        case .here: counts.here += 1
        case .interrupted: counts.interrupted += 1
        case .left: counts.left += 1
        case .died: counts.died += 1
        }
      }
    }
  }
  private let state = Mutex(State())
  private let counter = Atomic<Int>(0)

  /// How often something has become of somebody.
  var changes: Int { counter.load(ordering: .acquiring) }

  var counts: Counts { state.withLock(\.counts) }

  /// Something has become of a peer. Called on a thread of the transport's.
  func note(_ peer: PeerID, _ event: ConnectionEvent) {
    let standing: Standing =
      switch event {
      case .connected, .resumed, .restarted: .here
      case .interrupted: .interrupted
      case .closed: .left
      case .failed: .died
      }
    change { $0[peer] = standing }
  }

  /// Takes those that came before anybody noted events.
  func take(_ peers: [(id: PeerID, state: ConnectionState)]) {
    change { standings in
      for peer in peers where standings[peer.id] == nil {
        standings[peer.id] =
          switch peer.state {
          // What is being connected is told when it is.
          case .connecting: nil
          case .connected: .here
          case .interrupted: .interrupted
          case .closed: .left
          case .failed: .died
          }
      }
    }
  }

  private func change(_ body: (inout [PeerID: Standing]) -> Void) {
    let (latch, atEnd) = state.withLock { state in
      body(&state.standings)
      defer { state.change = Latch() }
      return (state.change, state.counts.areAllGone ? state.whenAllAreGone.take() : nil)
    }
    counter.add(1, ordering: .releasing)
    latch.set()
    atEnd?()
  }

  /// Has `handler` called once, when somebody came and all that came are gone.
  func whenAllAreGone(_ handler: @escaping @Sendable () -> Void) {
    state.withLock { $0.whenAllAreGone = handler }
    // They may be gone already.
    change { _ in }
  }

  /// Waits until it is as `isSo` says; false when the time has passed first.
  func wait(timeout: Duration?, until isSo: (Counts) -> Bool) -> Bool {
    let deadline = Monotonic.deadline(after: timeout)
    while true {
      let latch = state.withLock { state in isSo(state.counts) ? nil : state.change }
      guard let latch else { return true }
      guard Monotonic.now < deadline else { return false }
      latch.wait(until: deadline)
    }
  }

  /// Waits until something becomes of somebody, or the time has passed.
  func waitForChange(timeout: Duration) {
    state.withLock(\.change).wait(until: Monotonic.deadline(after: timeout))
  }
}
