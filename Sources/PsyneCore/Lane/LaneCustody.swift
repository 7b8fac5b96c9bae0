/// One of the two ends of a lane.
public enum LaneEnd: Sendable, CaseIterable {
  case sender
  case receiver
}

extension LaneEnd {
  var other: LaneEnd { self == .sender ? .receiver : .sender }
}

/// What a transport knows about a lane's parties: who holds an end, and who still lives.
///
/// - ``take(_:)`` gives an end to one party at a time and throws ``TransportError/Code/inUse``, with
///   the holder's name, to any other.
/// - An end whose holder dies is free again, without anybody's help.
/// - ``exclusively(_:)`` runs one closure at a time among all parties of the lane.
public protocol LaneCustody: AnyObject, Sendable {
  func take(_ end: LaneEnd) throws(TransportError)
  func release(_ end: LaneEnd)
  /// Whether a living party holds the end, ourselves included.
  func isHeld(_ end: LaneEnd) -> Bool
  func exclusively(_ body: () -> Void)
  /// Gives up everything it holds and, as the last party, removes the channel. Any thread may call
  /// it, more than once; the memory stays mapped.
  func leave()
  /// Called before ``leave()``, while other threads may still be using the ends: from then on nothing
  /// they write to the lane's memory is seen by another party. Returns the lane as the others see it,
  /// in which the leaving is recorded; nil where that cannot be had, or nobody else is there.
  func cutOff() -> LaneMemory?
  /// Whether a party can die without leaving, so that waiters have to look after it.
  var partiesCanDie: Bool { get }
  /// Calls `notice`, from any thread, whenever a party may have died, until the watch is dropped.
  /// Nil where that cannot be had: then who sleeps looks now and then.
  func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch?
}

extension LaneCustody {
  public func cutOff() -> LaneMemory? { nil }

  public func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch? { nil }
}

/// A custody's watch over the parties of its lane. It ends when this is dropped.
public final class PartyWatch: Sendable {
  private let end: @Sendable () -> Void

  public init(end: @escaping @Sendable () -> Void) { self.end = end }

  deinit { end() }
}
