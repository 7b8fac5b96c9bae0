internal import PsyneCore
internal import Synchronization

/// Where other processes connect.
final class IPCPlace: ListeningPlace, Sendable {
  let address: String
  private let name: String
  private let transport: IPCTransport
  private let format: MessageFormat
  private let options: ChannelOptions
  private let accept: @Sendable (Carrier) throws(TransportError) -> Void
  private let listener = Mutex<Listener?>(nil)
  private let isClosed = Atomic<Bool>(false)
  private let refusals = Refusals()
  private let channel: MPSCChannel<Announcement>

  init(
    _ address: ChannelAddress, _ transport: IPCTransport, _ format: MessageFormat,
    _ options: ChannelOptions,
    _ accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) {
    try options.checkForConnection(at: address)
    let name = try IPCDoor.name(of: address)
    self.name = name
    self.address = "ipc://\(name)"
    self.transport = transport
    self.format = format
    self.options = options
    self.accept = accept
    Leftovers.sweep(name, transport)
    // The door may be full of those that wait for us, and try by turns.
    channel = try IPCDoor.whenFree(for: .seconds(5)) { () throws(TransportError) in
      try IPCDoor.open(name, transport, options)
    }
    let listener: Listener
    do throws(TransportError) {
      listener = try channel.listen { [weak self] announcement in
        self?.answer(announcement.value)
      }
    } catch {
      guard error.code == .inUse else { throw error }
      throw TransportError(
        .inUse, "somebody listens at '\(address)' already: \(error.message)")
    }
    self.listener.withLock { $0 = listener }
  }

  deinit { close() }

  func close() {
    // First, so that a connection that is being made is ended by who makes it: whoever closes ends those
    // that it finds, and this may be called by the thread that makes one, and then does not wait for it.
    isClosed.store(true, ordering: .sequentiallyConsistent)
    listener.withLock { $0.take() }?.stop()
    // Not with the last reference: the process may be about to end.
    channel.abandon()
  }

  /// Connects somebody, or says why not.
  private func answer(_ announcement: Announcement) {
    let channels = announcement.channels(of: name)
    do throws(TransportError) {
      try admit(channels)
    } catch {
      // Who was killed has left them to whoever comes by.
      Leftovers.remove(channels, transport)
      refusals.report("somebody could not connect to '\(address)': \(error.message)")
    }
  }

  private func admit(_ channels: Announcement.Channels) throws(TransportError) {
    var answer = try answerer(channels)
    let prepared = Result { () throws(TransportError) in try prepare(channels) }
    switch prepared {
    case .success(let sides):
      try handOver(
        IPCCarrier(
          inbound: sides.inbound, outbound: sides.outbound, ownLife: answer,
          theirLife: sides.life, peer: sides.peer))
    case .failure(let error):
      do throws(ChannelError) {
        try answer.send(error.message, timeout: .zero)
      } catch let unsaid {
        throw TransportError(error.code, "\(error.message) (it was not told: \(unsaid))")
      }
      throw error
    }
  }

  /// The end by which it is answered, once it is there to be. The foothold is gone before this end can be:
  /// the last party removes a channel, and a foothold does not.
  private func answerer(
    _ channels: Announcement.Channels
  ) throws(TransportError) -> Sender<Text> {
    let foothold = try foothold(in: channels.downLife)
    let answers: SPSCChannel<Text> = try IPCDoor.open(channels.downLife, transport, options)
    var answer = try answers.sender()
    guard foothold.isHeldElsewhere(SegmentLayout.receiverLocks),
      (try? answer.awaitReceiver(timeout: .zero)) != nil
    else { throw TransportError(.notFound, "it does not wait for an answer") }
    return answer
  }

  private func handOver(_ carrier: IPCCarrier) throws(TransportError) {
    do throws(TransportError) {
      try checkIsOpen()
      try accept(carrier)
      // Who has closed meanwhile may not have found it.
      try checkIsOpen()
      carrier.tell(.connected)
      if let unsaid = carrier.answer("") {
        throw TransportError(.mismatch, "it cannot be told that it may: \(unsaid)")
      }
    } catch {
      // What nobody listens for any more is no refusal: it sees that we leave. So it does where there
      // is no room for words.
      if error.code != .notFound { _ = carrier.answer(error.message) }
      carrier.close()
      throw error
    }
  }

  private func checkIsOpen() throws(TransportError) {
    guard !isClosed.load(ordering: .sequentiallyConsistent) else {
      throw TransportError(.notFound, "it was closed meanwhile")
    }
  }

  private func prepare(_ channels: Announcement.Channels) throws(TransportError) -> IPCSides {
    let foothold = try foothold(in: channels.upLife)
    let life: SPSCChannel<Text> = try IPCDoor.open(channels.upLife, transport, options)
    let theirLife = OwnedReceiver(try life.receiver())
    guard theirLife.hasSender(foothold) else {
      throw TransportError(.notFound, "it would not be noticed to leave")
    }
    return IPCSides(
      inbound: try lanes(channels.up), outbound: try lanes(channels.down), life: theirLife,
      peer: life.holderOfSender)
  }

  private func lanes(_ name: String) throws(TransportError) -> LaneSet {
    let foothold = try foothold(in: name)
    let lanes = try IPCDoor.lanes(name, transport, format, options)
    withExtendedLifetime(foothold) {}
    return lanes
  }

  /// The channels are made by who connects, and never by us.
  private func foothold(in name: String) throws(TransportError) -> Foothold {
    try Foothold(at: transport.path(of: name)) { isClosed.load(ordering: .relaxed) }
  }
}

/// What a listener has of a connection.
private struct IPCSides {
  let inbound: LaneSet
  let outbound: LaneSet
  let life: OwnedReceiver
  let peer: String
}
