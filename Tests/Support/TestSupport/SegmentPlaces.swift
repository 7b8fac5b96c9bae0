package import PsyneCore
package import PsyneIPC

/// Where the words of a segment lie in its file.
extension SegmentLayout {
  /// The header of a lane.
  package static func lane(_ index: Int, of shape: ChannelShape) -> Int {
    headers + ChannelLayout.headerBytes + index * shape.laneHeaderBytes
  }

  /// The slot of a receiver.
  package static func slot(_ index: Int) -> Int {
    headers + ChannelLayout.slots + index * ChannelLayout.slotBytes
  }
}

extension LaneLayout {
  /// A word in the cursor of a receiver, in the header of a lane.
  package static func cursor(_ slot: Int, _ offset: Int) -> Int {
    cursors + slot * CursorLayout.bytes + offset
  }

  /// Where the receiver goes on that comes next, in a lane that one receiver reads.
  package static var done: Int { cursor(0, CursorLayout.done) }
}

extension ChannelShape {
  /// One sender, one receiver.
  package static func single(capacity: Int) -> ChannelShape {
    ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: capacity)
  }

  /// One with several of each end that there can be several of.
  package static func several(_ kind: ChannelKind, capacity: Int) -> ChannelShape {
    ChannelShape(
      kind: kind, producers: kind == .mpsc || kind == .mpmc ? 2 : 1,
      consumers: kind == .spsc || kind == .mpsc ? 1 : 3, capacity: capacity)
  }
}
