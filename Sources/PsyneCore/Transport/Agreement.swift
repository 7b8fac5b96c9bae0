// What two parties that open one address have to agree on.

extension LaneSet {
  /// Throws unless the channel is what another party at `address` wants to open.
  func check(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) {
    try shape.check(kind, options, at: address)
    try self.format.check(format, at: address)
  }
}

extension ChannelShape {
  /// What a new channel is like.
  ///
  /// - Throws: ``TransportError/Code/invalidOption`` for a number that the kind cannot have.
  public init(
    _ kind: ChannelKind, _ options: ChannelOptions, at address: ChannelAddress
  ) throws(TransportError) {
    let standard: ByteCount =
      kind == .broadcast ? .mebibytes(1) : ChannelOptions.defaultCapacity
    self.init(
      kind: kind,
      producers: try Self.count(
        options.producers, kind.hasManySenders, "producers", "one sender", kind, address),
      consumers: try Self.count(
        options.consumers, kind.hasManyReceivers, "consumers", "one receiver", kind, address),
      capacity: try options.laneCapacity() ?? standard.bytes)
  }

  private static func count(
    _ wanted: Int?, _ canBeMany: Bool, _ option: String, _ one: String, _ kind: ChannelKind,
    _ address: ChannelAddress
  ) throws(TransportError) -> Int {
    guard canBeMany else {
      guard wanted ?? 1 == 1 else {
        throw TransportError(
          .invalidOption,
          "'\(address)' is opened as \(kind), which has \(one): leave the option '\(option)' out, "
            + "or open a channel of another kind")
      }
      return 1
    }
    let count = wanted ?? 8
    guard (1...ChannelLayout.maximumParties).contains(count) else {
      throw TransportError(
        .invalidOption,
        "\(option) \(count) is out of range: it can be 1 to \(ChannelLayout.maximumParties)")
    }
    return count
  }

  /// Throws unless a channel of this shape is what is wanted.
  package func check(
    _ kind: ChannelKind, _ options: ChannelOptions, at address: ChannelAddress
  ) throws(TransportError) {
    guard kind == self.kind else {
      throw TransportError(
        .mismatch,
        "'\(address)' is \(self.kind); it was opened here as \(kind): use one kind on both sides")
    }
    // What the kind cannot have is said first.
    _ = try ChannelShape(kind, options, at: address)
    try ChannelOptions.check(capacity: try options.laneCapacity(), against: capacity, at: address)
    for (option, wanted, found) in [
      ("producers", options.producers, producers), ("consumers", options.consumers, consumers),
    ] {
      guard let wanted, wanted != found else { continue }
      throw TransportError(
        .mismatch,
        "'\(address)' exists with \(found) \(option), not \(wanted): "
          + "leave the option out, or close the channel everywhere first")
    }
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

  /// That of `body`.
  ///
  /// - Throws: ``TransportError/Code/invalidType`` if no lane can carry it.
  static func valid<Body: MessageBody>(_ body: Body.Type) throws(TransportError) -> MessageFormat {
    let format = MessageFormat(body)
    try format.validate()
    return format
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
