/// What has happened on a connection, as far as this side knows. Each number is read without stopping anybody,
/// so those of a connection in use belong to slightly different moments.
public struct ConnectionStatistics: Hashable, Sendable {
  public let outbound: ChannelStatistics
  public let inbound: ChannelStatistics
  /// What its codec has done; nil where there is none.
  public let codec: CodecStatistics?

  init(_ carrier: Carrier) {
    outbound = ChannelStatistics(carrier.outbound)
    inbound = ChannelStatistics(carrier.inbound)
    codec = carrier.codecStatistics
  }
}
