internal import Synchronization

/// One side of a connection as a transport makes it: a lane each way, and whoever moves what is in them.
///
/// A transport makes a subclass of its own, which calls ``tell(_:)`` and ``tellArrival()``. This class
/// keeps what is told for those who listen.
open class Carrier: @unchecked Sendable {
  // Unchecked: constants, and state under its lock.
  /// What the other side sends.
  public let inbound: LaneSet
  /// What this side sends.
  public let outbound: LaneSet
  /// Who the other side is, for people: "10.0.0.7:51324", "process 12 (planner)".
  public let peer: String

  private struct Listeners {
    var state: ConnectionState
    var failure: ConnectionFailure?
    var onEvent: (@Sendable (ConnectionEvent) -> Void)?
    var onArrival: (@Sendable () -> Void)?
  }
  private let listeners: Mutex<Listeners>

  public init(inbound: LaneSet, outbound: LaneSet, peer: String, state: ConnectionState) {
    self.inbound = inbound
    self.outbound = outbound
    self.peer = peer
    listeners = Mutex(Listeners(state: state))
  }

  /// Messages that begin before it in the inbound lane may have been received before, by a process that is
  /// gone.
  open var redeliveredUpTo: Int { 0 }

  /// Ends the connection in order, once all is sent that was, or `linger` has passed. Does not wait:
  /// events tell.
  open func close(linger: Duration?) {}

  /// Ends it at once, as if this process had died.
  open func abandon() {
    inbound.leave(as: .died)
    outbound.leave(as: .died)
  }

  // MARK: For those who listen

  public var state: ConnectionState { listeners.withLock(\.state) }
  /// Why it failed, if it did.
  public var failure: ConnectionFailure? { listeners.withLock(\.failure) }

  /// Has `handler` called for each event from now on, on whichever thread it happens. It must not
  /// block.
  func observe(_ handler: @escaping @Sendable (ConnectionEvent) -> Void) {
    listeners.withLock { $0.onEvent = handler }
  }

  /// Has `handler` called whenever there may be something to receive in a lane that was armed.
  func observeArrivals(_ handler: @escaping @Sendable () -> Void) {
    listeners.withLock { $0.onArrival = handler }
  }

  // MARK: For subclasses

  /// Tells whoever observes.
  public final func tell(_ event: ConnectionEvent) {
    let (onEvent, onArrival) = listeners.withLock { listeners in
      listeners.state = event.state
      if case .failed(let failure) = event { listeners.failure = failure }
      return (listeners.onEvent, listeners.onArrival)
    }
    onEvent?(event)
    // Who merges connections looks whether this one is over.
    onArrival?()
  }

  /// Something was published on the inbound lane, which had said that its receiver may be asleep.
  public final func tellArrival() { listeners.withLock(\.onArrival)?() }

  /// Called when the lane has been armed: has ``tellArrival()`` called for the next publication. Where
  /// lanes are in one process, its bell does that.
  open func watchArrivals() {}

  /// What the arming thread must issue: false where who publishes fences for itself.
  open var needsHeavyFence: Bool { true }
}

/// Where a transport lets others connect.
public protocol ListeningPlace: AnyObject, Sendable {
  /// What others connect to, with the port that was found.
  var address: String { get }
  /// Lets nobody connect any more. Connections stay.
  func close()
}
