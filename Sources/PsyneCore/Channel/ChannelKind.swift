/// How many senders and receivers a channel has, and who gets a message.
public enum ChannelKind: UInt32, Sendable, CaseIterable {
  /// One sender, one receiver.
  case spsc = 1
  /// Several senders, one receiver.
  case mpsc = 2
  /// One sender, several receivers: each message goes to one of them.
  case spmc = 3
  /// Several senders, several receivers: each message goes to one of them.
  case mpmc = 4
  /// One sender, several receivers: each message goes to all of them.
  case broadcast = 5
}

extension ChannelKind {
  /// Whether several receivers take messages from one another.
  @usableFromInline
  var sharesLanes: Bool { self == .spmc || self == .mpmc }

  var hasManySenders: Bool { self == .mpsc || self == .mpmc }
  var hasManyReceivers: Bool { self == .spmc || self == .mpmc || self == .broadcast }
}

extension ChannelKind: CustomStringConvertible {
  public var description: String {
    switch self {
    case .spsc: "SPSC"
    case .mpsc: "MPSC"
    case .spmc: "SPMC"
    case .mpmc: "MPMC"
    case .broadcast: "broadcast"
    }
  }
}

/// A channel's kind and size, which every party of it has to agree on.
public struct ChannelShape: Hashable, Sendable {
  public let kind: ChannelKind
  /// The most senders at a time.
  public let producers: Int
  /// The most receivers at a time.
  public let consumers: Int
  /// Bytes that each lane holds.
  public let capacity: Int

  /// - Parameter capacity: a power of two, at least a page.
  public init(kind: ChannelKind, producers: Int, consumers: Int, capacity: Int) {
    precondition(
      capacity >= LaneLayout.minimumCapacity && capacity & (capacity - 1) == 0,
      "a lane's capacity is a power of two")
    precondition(
      (1...ChannelLayout.maximumParties).contains(producers)
        && (1...ChannelLayout.maximumParties).contains(consumers),
      "a channel has 1 to 63 senders and receivers")
    self.kind = kind
    self.producers = producers
    self.consumers = consumers
    self.capacity = capacity
  }

  /// A lane for each sender. A broadcast's sender has as many that it never waits for a reader that
  /// holds on to a message: each can keep one lane, and one is written and one read by the others.
  public var lanes: Int { kind == .broadcast ? consumers + 2 : producers }

  public var laneHeaderBytes: Int { LaneLayout.headerBytes(consumers: consumers) }
  /// Bytes of all headers.
  public var headerBytes: Int { ChannelLayout.headerBytes + lanes * laneHeaderBytes }
  /// Bytes of headers and data together.
  public var bytes: Int { headerBytes + lanes * capacity }
}
