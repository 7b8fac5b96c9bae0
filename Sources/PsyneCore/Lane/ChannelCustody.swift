/// One end of a channel: the sender of a lane, or the receiver in a slot.
public enum ChannelEnd: Hashable, Sendable {
  case sender(Int)
  case receiver(Int)
}

extension ChannelEnd: CustomStringConvertible {
  public var description: String {
    switch self {
    case .sender: "sender"
    case .receiver: "receiver"
    }
  }
}

/// What a transport knows about a channel's parties: who holds an end, and who still lives.
///
/// - ``take(_:)`` gives an end to one party at a time and to no other.
/// - An end whose holder dies is free again, without anybody's help.
/// - ``exclusively(_:)`` runs one closure at a time among all parties of the channel.
public protocol ChannelCustody: AnyObject, Sendable {
  /// False while somebody holds the end.
  func take(_ end: ChannelEnd) -> Bool
  func release(_ end: ChannelEnd)
  /// Whether a living party holds the end, ourselves included.
  func isHeld(_ end: ChannelEnd) -> Bool
  /// Who holds the end, for a message to people: "process 12 (planner)".
  func holder(of end: ChannelEnd) -> String
  /// Makes sure that a lane's data has memory behind it, before a sender first writes there.
  ///
  /// - Throws: ``TransportError/Code/noSpace``.
  func reserve(lanes: Range<Int>) throws(TransportError)
  func exclusively(_ body: () -> Void)
  /// Gives up everything it holds and, as the last party, removes the channel. Any thread may call
  /// it, more than once; the memory stays mapped.
  func leave()
  /// Called before ``leave()``, while other threads may still be using the ends: from then on nothing
  /// they write to the lanes' memory is seen by another party. Returns the lanes as the others see
  /// them, in which the leaving is recorded; nil where that cannot be had, or nobody else is there.
  func cutOff() -> [LaneMemory]?
  /// Whether a party can die without leaving, so that waiters have to look after it.
  var partiesCanDie: Bool { get }
  /// Calls `notice`, from any thread, whenever a party may have died, until the watch is dropped.
  /// Nil where that cannot be had: then who sleeps looks now and then.
  func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch?
}

extension ChannelCustody {
  public func reserve(lanes: Range<Int>) throws(TransportError) {}

  public func cutOff() -> [LaneMemory]? { nil }

  public func watchParties(_ notice: @escaping @Sendable () -> Void) -> PartyWatch? { nil }
}

/// A custody's watch over the parties of its channel. It ends when this is dropped.
public final class PartyWatch: Sendable {
  private let end: @Sendable () -> Void

  public init(end: @escaping @Sendable () -> Void) { self.end = end }

  deinit { end() }
}
