/// What a codec has done with the blocks of one direction.
public struct CodecCounters: Hashable, Sendable {
  /// Blocks, those that passed as they are included.
  public var blocks = 0
  /// Blocks that passed as they are.
  public var passed = 0
  /// Bytes of the blocks as messages have them.
  public var plainBytes = 0
  /// Bytes of the blocks as they travel.
  public var wireBytes = 0
  /// Time that it took.
  public var time: Duration = .zero
  /// What the codec counts beside, by name: `lz4` has the blocks that were `shuffled`.
  public var own: [String: Int] = [:]

  public init() {}

  /// How many times fewer bytes travel; 1 of nothing.
  public var ratio: Double { wireBytes == 0 ? 1 : Double(plainBytes) / Double(wireBytes) }

  package static func += (sum: inout CodecCounters, more: CodecCounters) {
    sum.blocks += more.blocks
    sum.passed += more.passed
    sum.plainBytes += more.plainBytes
    sum.wireBytes += more.wireBytes
    sum.time += more.time
    sum.own.merge(more.own, uniquingKeysWith: +)
  }
}

/// What the codec of a connection has done, over all breaks.
public struct CodecStatistics: Hashable, Sendable {
  /// What has been sent.
  public var outbound: CodecCounters
  /// What has come.
  public var inbound: CodecCounters

  public init(outbound: CodecCounters = CodecCounters(), inbound: CodecCounters = CodecCounters()) {
    self.outbound = outbound
    self.inbound = inbound
  }

  package static func += (sum: inout CodecStatistics, more: CodecStatistics) {
    sum.outbound += more.outbound
    sum.inbound += more.inbound
  }
}
