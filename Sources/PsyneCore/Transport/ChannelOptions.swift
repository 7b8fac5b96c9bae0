/// What an operator can set for a channel, in its address or in code.
///
/// What is nil is not set: then a new channel gets the default, and one that exists stays as it is.
/// `docs/options.md` lists the names in addresses.
public struct ChannelOptions: Hashable, Sendable {
  /// Bytes that each lane of the channel holds, rounded up to a power of two of at least 4 KiB. Nil
  /// takes what the channel has; for a new one ``defaultCapacity``, or 1 MiB if it is a broadcast.
  public var capacity: ByteCount?
  /// How many senders there may be at once, 1 to ``maximumParties``.
  public var producers: Int?
  /// How many receivers there may be at once, 1 to ``maximumParties``.
  public var consumers: Int?
  /// How the ends claimed through this handle wait. Nil is ``WaitStrategy/adaptive``.
  public var wait: WaitStrategy?
  /// What a broadcast sender does about a reader that does not keep up.
  public var slow: SlowReaderPolicy?
  /// What a sender does when the channel is full. Nil is ``WhenFull/wait``.
  public var full: WhenFull?
  /// Between processes: who may use the channel. Nil is ``FileMode/ownerOnly``.
  public var mode: FileMode?
  /// Between processes: the name or number of the user the channel belongs to. Nil is this process's.
  public var owner: String?
  /// Between processes: the name or number of the group that ``mode`` speaks of. Nil is this
  /// process's.
  public var group: String?
  /// Whether the channel's memory is to lie in huge pages. Nil is ``HugePages/never``.
  public var hugePages: HugePages?
  /// On which memory node the channel's data is to lie. Nil leaves it to the system.
  public var numa: NUMAPlacement?
  /// How long ``Connection`` waits for a server to be there. Nil is ``defaultConnectTimeout``.
  public var connectTimeout: Duration?

  public init(
    capacity: ByteCount? = nil, producers: Int? = nil, consumers: Int? = nil,
    wait: WaitStrategy? = nil, slow: SlowReaderPolicy? = nil, full: WhenFull? = nil,
    mode: FileMode? = nil, owner: String? = nil, group: String? = nil,
    hugePages: HugePages? = nil, numa: NUMAPlacement? = nil,
    connectTimeout: Duration? = nil
  ) {
    self.capacity = capacity
    self.producers = producers
    self.consumers = consumers
    self.wait = wait
    self.slow = slow
    self.full = full
    self.mode = mode
    self.owner = owner
    self.group = group
    self.hugePages = hugePages
    self.numa = numa
    self.connectTimeout = connectTimeout
  }

  /// 4 MiB: past the caches of one core and within those that two cores share, where a ring is
  /// fastest.
  public static let defaultCapacity: ByteCount = .mebibytes(4)

  /// Long enough for a server that is started at the same time.
  public static let defaultConnectTimeout: Duration = .seconds(5)

  /// The most senders, or receivers, that a channel can have at once.
  public static let maximumParties = 63

  /// ``capacity`` as a lane has it, or nil where none is asked for.
  ///
  /// - Throws: ``TransportError/Code/invalidOption`` out of range.
  public func laneCapacity() throws(TransportError) -> Int? {
    guard let capacity else { return nil }
    guard let bytes = LaneLayout.capacity(holding: capacity.bytes) else {
      throw TransportError(
        .invalidOption,
        "capacity \(capacity) is out of range: it can be 1 byte to \(ByteCount.bytes(LaneLayout.maximumCapacity))"
      )
    }
    return bytes
  }
}
