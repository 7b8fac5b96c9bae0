internal import CPsyne
internal import Glibc
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
    try transport.open(
      try ChannelAddress("ipc://\(name)"), kind: .spsc, format: format, options: options)
  }

  /// Does `body` again while there are as many at the door as there can be, for a time: each is there for
  /// as long as it takes to be answered.
  static func whenFree<Value: ~Copyable>(
    for time: Duration, _ body: () throws(TransportError) -> Value
  ) throws(TransportError) -> Value {
    let deadline = cpsyne_monotonic_ns() + time.nanoseconds
    while true {
      do throws(TransportError) {
        return try body()
      } catch {
        guard error.code == .inUse, cpsyne_monotonic_ns() < deadline else { throw error }
      }
      usleep(2000)
    }
  }

  /// Connects to whoever listens.
  static func connect(
    _ address: ChannelAddress, _ transport: IPCTransport, _ format: MessageFormat,
    _ options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    try options.checkForConnection(at: address)
    let name = try name(of: address)
    let visit = Visit(address, options)
    Leftovers.sweep(name, transport)
    let announcement = Announcement.random()
    let channels = announcement.channels(of: name)
    // All of them are there before they are announced: who listens joins them, and makes none. This one
    // is the first, and open until the last has gone: `Leftovers` looks at it.
    let life: SPSCChannel<Text> = try open(channels.upLife, transport, options)
    let ownLife = try life.sender()
    let answers: SPSCChannel<Text> = try open(channels.downLife, transport, options)
    let theirLife = OwnedReceiver(try answers.receiver())
    let inbound = try lanes(channels.down, transport, format, options)
    let outbound = try lanes(channels.up, transport, format, options)
    var bell = try whenFree(for: visit.left) { () throws(TransportError) in
      let door: MPSCChannel<Announcement> = try open(name, transport, options)
      return try door.sender()
    }
    try visit.ring(&bell, announcement)
    try visit.awaitAnswer(theirLife, &bell)
    return IPCCarrier(
      inbound: inbound, outbound: outbound, ownLife: ownLife, theirLife: theirLife,
      peer: answers.holderOfSender)
  }
}

/// An attempt to connect, and the time that it has.
private struct Visit {
  private let address: ChannelAddress
  private let timeout: Duration
  private let deadline: Int64

  init(_ address: ChannelAddress, _ options: ChannelOptions) {
    self.address = address
    timeout = options.connectTimeout ?? ChannelOptions.defaultConnectTimeout
    deadline = cpsyne_monotonic_ns() + timeout.nanoseconds
  }

  var left: Duration { .nanoseconds(max(0, deadline - cpsyne_monotonic_ns())) }

  /// Waits for a listener, and tells it.
  func ring(
    _ bell: inout Sender<Announcement>, _ announcement: Announcement
  ) throws(TransportError) {
    do throws(ChannelError) {
      try bell.awaitReceiver(timeout: left)
    } catch {
      throw failure(error, "nobody listens")
    }
    do throws(ChannelError) {
      try bell.send(announcement, timeout: left)
    } catch {
      throw failure(error, "nobody answers")
    }
  }

  /// - Parameter bell: is kept until then. So the door keeps what was said, and a listener that is started
  ///   again meanwhile answers it.
  func awaitAnswer(
    _ listener: OwnedReceiver, _ bell: inout Sender<Announcement>
  ) throws(TransportError) {
    let answer: String?
    do throws(ChannelError) {
      answer = try listener.answer(timeout: left)
    } catch {
      let isThere = (try? bell.awaitReceiver(timeout: .zero)) != nil
      throw isThere ? failure(error, "nobody answers") : hasLeft
    }
    guard let answer else { throw hasLeft }
    guard answer.isEmpty else { throw refused(.mismatch, answer) }
  }

  private func failure(_ error: ChannelError, _ timedOut: String) -> TransportError {
    switch error {
    case .timedOut:
      TransportError(.notFound, "\(timedOut) at '\(address)' within \(timeout.spelled)")
    case .closed, .peerDied: hasLeft
    default: refused(.corrupt, error.description)
    }
  }

  private var hasLeft: TransportError {
    refused(.notFound, "who listened there has left without an answer")
  }

  private func refused(_ code: TransportError.Code, _ why: String) -> TransportError {
    TransportError(code, "cannot connect to '\(address)': \(why)")
  }
}
