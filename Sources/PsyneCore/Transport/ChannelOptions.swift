/// What an operator can set for a channel, in its address or in code.
public struct ChannelOptions: Hashable, Sendable {
  /// Bytes the channel holds, rounded up to a power of two of at least 4 KiB. Nil takes what the
  /// channel has, or ``defaultCapacity`` for a new one.
  public var capacity: ByteCount?

  public var producers: Int?
  public var consumers: Int?
  public var wait: WaitStrategy?
  public var slow: SlowReaderPolicy?
  public var full: WhenFull?

  public init(
    capacity: ByteCount? = nil, producers: Int? = nil, consumers: Int? = nil,
    wait: WaitStrategy? = nil, slow: SlowReaderPolicy? = nil, full: WhenFull? = nil
  ) {
    self.capacity = capacity
    self.producers = producers
    self.consumers = consumers
    self.wait = wait
    self.slow = slow
    self.full = full
  }

  /// 4 MiB: past the caches of one core and within those that two cores share, where a ring is
  /// fastest.
  public static let defaultCapacity: ByteCount = .mebibytes(4)

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

extension ChannelOptions {
  /// Adds what an address says.
  ///
  /// - Parameter known: the names of the options that the transport understands.
  /// - Throws: ``TransportError/Code/invalidOption`` for an unknown or malformed option, or one that
  ///   contradicts what is set already.
  func merging(_ address: ChannelAddress, known: [String]) throws(TransportError) -> ChannelOptions
  {
    var merged = self
    for option in address.options {
      guard known.contains(option.name) else {
        throw TransportError(
          .invalidOption,
          "unknown option '\(option.name)' in '\(address)'; \(address.scheme) knows: \(known.joined(separator: ", "))"
            + Spelling.hint(for: option.name, among: known))
      }
      // Others are the transport's own, which reads them from the address.
      guard option.name == "capacity" else { continue }
      guard let capacity = ByteCount(option.value) else {
        throw TransportError(
          .invalidOption,
          "capacity '\(option.value)' in '\(address)' is no size: write bytes or a unit, as in 65536, 64KiB or 10MiB"
        )
      }
      if let set = merged.capacity, set != capacity {
        throw TransportError(
          .invalidOption,
          "the address says capacity \(capacity) and the program says \(set): give one")
      }
      merged.capacity = capacity
    }
    return merged
  }
}
