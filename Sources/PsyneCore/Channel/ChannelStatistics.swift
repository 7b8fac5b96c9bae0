internal import Glibc
internal import Synchronization

/// What has happened on a channel since it was made, counted by those who did it.
///
/// Each number has one writer and is read without stopping anybody, so those of a channel in use belong
/// to slightly different moments.
public struct ChannelStatistics: Hashable, Sendable {
  public let kind: ChannelKind
  /// Bytes that each lane holds.
  public let capacity: Int
  /// One for each sender that there can be.
  public private(set) var senders: [SenderStatistics]
  /// One for each receiver that there can be.
  public private(set) var receivers: [ReceiverStatistics]

  /// Messages sent.
  public var messages: Int { senders.reduce(0) { $0 + $1.messages } }
  /// Bytes sent, frames and headers included.
  public var bytes: Int { senders.reduce(0) { $0 + $1.bytes } }
  /// Bytes sent and not yet given back by the receivers. Of a broadcast, 0.
  public var unreadBytes: Int { senders.reduce(0) { $0 + $1.unreadBytes } }
  /// How often a sender found no room and waited.
  public var fullWaits: Int { senders.reduce(0) { $0 + $1.fullWaits } }
  /// Messages that senders dropped because there was no room.
  public var drops: Int { senders.reduce(0) { $0 + $1.drops } }
  /// How often a receiver found nothing and waited.
  public var emptyWaits: Int { receivers.reduce(0) { $0 + $1.emptyWaits } }
  /// Messages that were delivered and may have been delivered before, to a receiver that died.
  public var redeliveries: Int { receivers.reduce(0) { $0 + $1.redeliveries } }
  /// Messages of a broadcast that were given up before a receiver came to them, each counted for each
  /// such receiver.
  public var lost: Int { receivers.reduce(0) { $0 + $1.lost } }
  /// The most bytes that a receiver has found unread in a lane.
  public var highWaterMark: Int { receivers.map(\.highWaterMark).max() ?? 0 }
}

/// What the senders of one lane have done.
public struct SenderStatistics: Hashable, Sendable {
  /// Whether there is a sender now.
  public internal(set) var isAttached: Bool
  public let messages: Int
  public let bytes: Int
  public let unreadBytes: Int
  public let fullWaits: Int
  public let drops: Int
}

/// What the receivers in one slot have done.
public struct ReceiverStatistics: Hashable, Sendable {
  /// Whether there is a receiver now.
  public internal(set) var isAttached: Bool
  public let emptyWaits: Int
  public let redeliveries: Int
  public let lost: Int
  public let highWaterMark: Int
}

extension Channel {
  /// What has happened on the channel. Anybody may ask at any time; it disturbs nobody. Where messages
  /// differ in size, it takes time for what was sent since a lane was last looked at for room: at most what
  /// it holds.
  public var statistics: ChannelStatistics {
    ChannelStatistics(lanes)
  }
}

extension ChannelStatistics {
  init(_ lanes: LaneSet) {
    self.init(lanes.lanes, lanes.channel, lanes.shape, lanes.format) { lane in
      lanes.lanes[lane].messagesSent(lanes.format)
    }
  }

  /// - Parameter messagesSent: of a lane, where frames differ in size.
  private init(
    _ lanes: [LaneMemory], _ channel: ChannelMemory, _ shape: ChannelShape, _ format: MessageFormat,
    messagesSent: (Int) -> Int
  ) {
    kind = shape.kind
    capacity = shape.capacity
    if shape.kind == .broadcast {
      senders = [SenderStatistics(broadcast: lanes, format, messagesSent)]
    } else {
      senders = lanes.indices.map { index in
        SenderStatistics(lanes[index], shape, format) { messagesSent(index) }
      }
    }
    receivers = (0..<shape.consumers).map { ReceiverStatistics($0, channel) }
  }

  /// Those of a channel in a file, for a process that has no part in it and can only read it.
  ///
  /// - Parameters:
  ///   - descriptor, place, shape: as of ``ChannelMapping``.
  ///   - isHeld: whether somebody who lives has an end. A death may not have been recorded yet.
  /// - Throws: ``TransportError/Code/system`` if the file cannot be mapped.
  public init(
    descriptor: Int32, place: ChannelMapping.Place, shape: ChannelShape, format: MessageFormat,
    isHeld: (ChannelEnd) -> Bool
  ) throws(TransportError) {
    let headers = try unsafe ChannelMapping.map(
      nil, shape.headerBytes, PROT_READ, MAP_SHARED, descriptor, place.headers)
    defer { unsafe munmap(headers, shape.headerBytes) }
    // Their data is not mapped.
    let hub = unsafe ChannelMapping.hub(headers, shape)
    defer { unsafe hub.deallocate() }
    let lanes = unsafe ChannelMapping.lanes(headers, headers, shape, hub)
    var frames = FileFrames(descriptor, place, shape.capacity, format)
    self.init(lanes, lanes[0].channel, shape, format) { lane in
      lanes[lane].messagesSent(format) { frames.count(in: $0, of: lane) }
    }
    for index in senders.indices where !isHeld(.sender(index)) {
      senders[index].isAttached = false
    }
    for slot in receivers.indices where !isHeld(.receiver(slot)) {
      receivers[slot].isAttached = false
    }
  }
}

extension SenderStatistics {
  fileprivate init(
    _ lane: LaneMemory, _ shape: ChannelShape, _ format: MessageFormat, _ messagesSent: () -> Int
  ) {
    isAttached = lane.sender.isAttached
    bytes = lane.counter(LaneLayout.tail)
    messages = format.isFixedSize ? bytes / format.elementSize : plausible(messagesSent())
    let head = lane.counter(LaneLayout.head)
    let read =
      shape.kind.sharesLanes
      ? head : max(head, lane.counter(LaneMemory.cursor(0, CursorLayout.done)))
    // The sender of a shared lane looks for the head only when it needs room.
    unreadBytes = max(0, min(bytes &- read, lane.capacity))
    fullWaits = lane.counter(LaneLayout.fullWaits)
    drops = lane.counter(LaneLayout.drops)
  }

  /// One sender writes all lanes; messages are counted through.
  fileprivate init(
    broadcast lanes: [LaneMemory], _ format: MessageFormat, _ messagesSent: (Int) -> Int
  ) {
    isAttached = lanes[0].sender.isAttached
    bytes = lanes.reduce(0) { $0 &+ $1.counter(LaneLayout.tail) }
    messages =
      format.isFixedSize
      ? bytes / format.elementSize : lanes.indices.map { plausible(messagesSent($0)) }.max() ?? 0
    unreadBytes = 0
    fullWaits = lanes[0].counter(LaneLayout.fullWaits)
    drops = lanes[0].counter(LaneLayout.drops)
  }
}

extension ReceiverStatistics {
  fileprivate init(_ slot: Int, _ channel: ChannelMemory) {
    func counter(_ offset: Int) -> Int {
      plausible(unsafe channel.counter(slot, offset).pointee.load(ordering: .relaxed))
    }
    isAttached = channel.receiver(slot).isAttached
    emptyWaits = counter(ChannelLayout.emptyWaits)
    redeliveries = counter(ChannelLayout.redeliveries)
    lost = counter(ChannelLayout.lost)
    highWaterMark = counter(ChannelLayout.highWater)
  }
}

extension LaneMemory {
  fileprivate func counter(_ offset: Int) -> Int {
    plausible(unsafe position(offset).pointee.load(ordering: .relaxed))
  }
}

/// A counter that anybody may have written: what is negative counts as nothing and, so that they can be
/// added up, what is enormous as less.
private func plausible(_ counter: Int) -> Int { max(0, min(counter, 1 << 56)) }
