internal import CPsyne
internal import PsyneCore

/// What both sides do on the way to a connection.
enum IPCDoor {
  /// The name that a listener has.
  ///
  /// - Throws: if those of its connections would be too long.
  static func name(of address: ChannelAddress) throws(TransportError) -> String {
    let name = try address.name()
    guard name.utf8.count <= Announcement.longestName else {
      throw TransportError(
        .invalidAddress,
        "'\(address)' does not name a listener: the name has \(name.utf8.count) characters; at most "
          + "\(Announcement.longestName) are allowed, since each connection's is longer")
    }
    return name
  }

  /// A channel beside those that messages take: small, and for the same users.
  static func open<Opened: Channel>(
    _ name: String, _ transport: IPCTransport, _ options: ChannelOptions
  ) throws(TransportError) -> Opened {
    try TransportRegistry([transport]).open(
      "ipc://\(name)",
      options: ChannelOptions(
        capacity: .kibibytes(4), producers: Opened.kind == .mpsc ? 63 : nil, mode: options.mode,
        owner: options.owner, group: options.group))
  }

  /// One of those that messages take.
  static func lanes(
    _ name: String, _ transport: IPCTransport, _ format: MessageFormat, _ options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    var options = options
    (options.producers, options.consumers, options.slow) = (nil, nil, nil)
    return try transport.open(
      try ChannelAddress("ipc://\(name)"), kind: .spsc, format: format, options: options)
  }

  /// Connects to whoever listens.
  static func connect(
    _ address: ChannelAddress, _ transport: IPCTransport, _ format: MessageFormat,
    _ options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    let name = try name(of: address)
    let timeout = options.connectTimeout ?? ChannelOptions.defaultConnectTimeout
    let deadline = cpsyne_monotonic_ns() + timeout.nanoseconds
    func left() -> Duration { .nanoseconds(max(0, deadline - cpsyne_monotonic_ns())) }
    func nobody(_ what: String) -> TransportError {
      TransportError(.notFound, "nobody \(what) at '\(address)' within \(timeout.spelled)")
    }
    let announcement = Announcement.random()
    let channels = announcement.channels(of: name)
    let life: SPSCChannel<Text> = try open(channels.upLife, transport, options)
    let ownLife = try life.sender()
    let answers: SPSCChannel<Text> = try open(channels.downLife, transport, options)
    let theirLife = OwnedReceiver(try answers.receiver())
    let inbound = try lanes(channels.down, transport, format, options)
    let outbound = try lanes(channels.up, transport, format, options)
    let door: MPSCChannel<Announcement> = try open(name, transport, options)
    do {
      var bell = try door.sender()
      try bell.awaitReceiver(timeout: left())
      try bell.send(announcement, timeout: left())
    } catch let error as TransportError {
      throw error
    } catch {
      throw nobody("listens")
    }
    let answer: String?
    do throws(ChannelError) {
      answer = try theirLife.answer(timeout: left())
    } catch {
      throw error == .timedOut ? nobody("answers") : refused(address, error.description)
    }
    guard let answer else { throw refused(address, "the listener has left") }
    guard answer.isEmpty else { throw refused(address, answer) }
    return IPCCarrier(
      inbound: inbound, outbound: outbound, ownLife: ownLife, theirLife: theirLife,
      peer: answers.holderOfSender)
  }

  private static func refused(_ address: ChannelAddress, _ why: String) -> TransportError {
    TransportError(.mismatch, "cannot connect to '\(address)': \(why)")
  }
}
