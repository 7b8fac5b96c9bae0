// What two parties that open one address have to agree on.

extension Lane {
  /// Throws unless the lane carries what another party at `address` wants to open it for.
  func check(
    _ address: ChannelAddress, format: MessageFormat, capacity: Int?
  ) throws(TransportError) {
    try self.format.check(format, at: address)
    try ChannelOptions.check(capacity: capacity, against: memory.capacity, at: address)
  }
}

extension MessageFormat {
  /// Throws unless `wanted` is this format.
  package func check(_ wanted: MessageFormat, at address: ChannelAddress) throws(TransportError) {
    guard wanted != self else { return }
    throw TransportError(
      .mismatch,
      "'\(address)' carries \(self); it was opened here for \(wanted): use one type on both sides")
  }

  /// Throws if no lane can carry the format.
  func validate() throws(TransportError) {
    let largest = type == .mixed ? 8 : 64
    guard elementAlignment <= largest else {
      throw TransportError(
        .invalidType, "\(self) cannot be carried: the alignment can be at most \(largest)")
    }
    // The header before the prefix has the elements' alignment, so the prefix must keep it.
    guard prefixBytes % elementAlignment == 0, prefixBytes == 0 || !isFixedSize else {
      throw TransportError(
        .invalidType,
        "\(self) cannot be carried: behind the \(prefixBytes) bytes before its elements, "
          + "the alignment can be at most 8")
    }
    guard elementSize <= LaneLayout.maximumElementSize else {
      throw TransportError(
        .invalidType,
        "\(self) cannot be carried: an element has at most "
          + "\(ByteCount.bytes(LaneLayout.maximumElementSize))")
    }
    guard !isUserType || type.rawValue >= MessageType.firstUserType.rawValue else {
      throw TransportError(
        .invalidType,
        "\(name) has the type id \(type): ids of your own start at \(MessageType.firstUserType)")
    }
  }
}

extension ChannelOptions {
  /// Throws if a capacity is asked for that the channel does not have.
  package static func check(
    capacity wanted: Int?, against capacity: Int, at address: ChannelAddress
  ) throws(TransportError) {
    guard let wanted, wanted != capacity else { return }
    throw TransportError(
      .mismatch,
      "'\(address)' exists with a capacity of \(ByteCount.bytes(capacity)), not \(ByteCount.bytes(wanted)): "
        + "leave the option out, or close the channel everywhere first")
  }
}
