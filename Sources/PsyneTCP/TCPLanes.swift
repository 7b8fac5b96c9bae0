internal import PsyneCore

/// The two lanes of a connection, and what tells of what the program does at them.
struct TCPLanes: Sendable {
  let inbound: LaneSet
  let outbound: LaneSet
  let inboundBell: InboundBell
  let outboundBell: OutboundBell

  init(_ format: MessageFormat, capacity: Int, _ placement: LanePlacement) throws(TransportError) {
    let shape = ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: capacity)
    inboundBell = InboundBell()
    outboundBell = OutboundBell()
    inbound = try LaneSet.inMemory(format, shape, placement, bell: inboundBell)
    outbound = try LaneSet.inMemory(format, shape, placement, bell: outboundBell)
  }
}
