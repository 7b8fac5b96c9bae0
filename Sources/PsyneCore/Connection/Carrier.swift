internal import Synchronization

/// One side of a connection as a transport makes it: a lane each way, and whoever moves what is in them.
///
/// A transport makes a subclass of its own, which calls ``tell(_:)`` and ``tellArrival()``. This class
/// keeps what is told for those who listen.
open class Carrier: @unchecked Sendable {
  // Unchecked: constants, an atomic, and state under its lock.
  /// What the other side sends.
  public let inbound: LaneSet
  /// What this side sends.
  public let outbound: LaneSet
  /// Who the other side is, for people: "10.0.0.7:51324", "process 12 (planner)".
  public let peer: String

  private struct Listeners {
    var state: ConnectionState
    /// The last event of all, and whether it was told.
    var end: ConnectionEvent?
    var isTold = false
    var onEvent: (@Sendable (ConnectionEvent) -> Void)?
    var onArrival: (@Sendable () -> Void)?
  }
  private let listeners: Mutex<Listeners>
  private let isEnding = Atomic<Bool>(false)

  public init(inbound: LaneSet, outbound: LaneSet, peer: String, state: ConnectionState) {
    self.inbound = inbound
    self.outbound = outbound
    self.peer = peer
    listeners = Mutex(Listeners(state: state))
  }

  /// Messages that begin before it in the inbound lane may have been received before, by a process that is
  /// gone.
  open var redeliveredUpTo: Int { 0 }

  /// Who the other side has shown to be; nil where nobody asks.
  open var identity: PeerIdentity? { nil }

  /// How the bytes travel.
  open var details: ConnectionDetails { ConnectionDetails(transport: "shared memory") }

  /// What the codec has done; nil where there is none.
  open var codecStatistics: CodecStatistics? { nil }

  /// Ends the connection in order, once all is sent that was, or the transport's patience is at its end.
  /// Does not wait: events tell.
  open func close() {}

  /// Ends it at once, as if this process had died.
  open func abandon() {
    inbound.leave(as: .died)
    outbound.leave(as: .died)
  }

  // MARK: For those who listen

  public var state: ConnectionState { listeners.withLock(\.state) }
  /// Why it failed, if it did.
  public var failure: ConnectionFailure? {
    if case .failed(let failure) = listeners.withLock(\.end) { failure } else { nil }
  }

  /// Has `handler` called for each event from now on, on whichever thread it happens, and at once if it
  /// has ended. It must not block.
  func observe(_ handler: @escaping @Sendable (ConnectionEvent) -> Void) {
    let end = listeners.withLock { listeners in
      listeners.onEvent = handler
      return listeners.isTold ? listeners.end : nil
    }
    if let end { handler(end) }
  }

  /// Has `handler` called whenever there may be something to receive in a lane that was armed.
  func observeArrivals(_ handler: @escaping @Sendable () -> Void) {
    listeners.withLock { $0.onArrival = handler }
  }

  // MARK: For subclasses

  /// Takes note of the last event, for ``tellEnd()``. To be called before an end of a lane is left: whoever
  /// takes one and then sees ``isOver`` false is told through the lane, and whoever is told through a lane
  /// finds the ``state`` right.
  ///
  /// - Returns: false if it has ended already.
  public final func beginEnd(_ event: ConnectionEvent) -> Bool {
    guard !isEnding.exchange(true, ordering: .sequentiallyConsistent) else { return false }
    listeners.withLock { ($0.state, $0.end) = (event.state, event) }
    return true
  }

  /// Whether it has ended, or is about to.
  public final var isOver: Bool { isEnding.load(ordering: .sequentiallyConsistent) }

  /// Tells whoever observes. Nothing comes after the end, which is told by ``tellEnd()``.
  public final func tell(_ event: ConnectionEvent) {
    let onEvent = listeners.withLock { listeners -> (@Sendable (ConnectionEvent) -> Void)? in
      guard listeners.end == nil else { return nil }
      listeners.state = event.state
      return listeners.onEvent
    }
    onEvent?(event)
  }

  /// Tells whoever observes of the end.
  public final func tellEnd() {
    let told = listeners.withLock { listeners in
      listeners.isTold = true
      return listeners
    }
    guard let end = told.end else { return }
    told.onEvent?(end)
    // Who merges connections looks whether this one is over.
    told.onArrival?()
  }

  /// Reports what the other side's program had not read when it closed.
  public final func reportUnread(messages: Int, bytes: Int) {
    guard messages > 0 else { return }
    let failure = ConnectionFailure(
      "the other side has closed the connection", unconfirmedMessages: messages,
      unconfirmedBytes: bytes)
    Diagnostics.report(Diagnostic(.undelivered, "\(peer): \(failure)"))
  }

  /// Something was published on the inbound lane, which had said that its receiver may be asleep.
  public final func tellArrival() { listeners.withLock(\.onArrival)?() }

  /// Called when the lane has been armed: has ``tellArrival()`` called for the next publication. Where
  /// lanes are in one process, its bell does that.
  open func watchArrivals() {}

  /// What the arming thread must issue: false where who publishes fences for itself.
  open var needsHeavyFence: Bool { true }

  /// Whether another process writes into the inbound lane: what it says is looked at before anybody has it.
  open var isSharedWithOthers: Bool { false }
}

/// Where a transport lets others connect.
public protocol ListeningPlace: AnyObject, Sendable {
  /// What others connect to, with the port that was found.
  var address: String { get }
  /// Lets nobody connect any more. Connections stay.
  func close()
}
