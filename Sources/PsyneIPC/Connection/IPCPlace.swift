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
  private let channel: MPSCChannel<Announcement>

  init(
    _ address: ChannelAddress, _ transport: IPCTransport, _ format: MessageFormat,
    _ options: ChannelOptions,
    _ accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) {
    let name = try IPCDoor.name(of: address)
    self.name = name
    self.address = "ipc://\(name)"
    self.transport = transport
    self.format = format
    self.options = options
    self.accept = accept
    Leftovers.sweep(name, transport)
    channel = try IPCDoor.open(name, transport, options)
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

  func close() { listener.withLock { $0.take() }?.stop() }

  /// Connects somebody, or says why not.
  private func answer(_ announcement: Announcement) {
    let channels = announcement.channels(of: name)
    do throws(TransportError) {
      let answers: SPSCChannel<Text> = try IPCDoor.open(channels.downLife, transport, options)
      var answer = try answers.sender()
      let prepared = Result { () throws(TransportError) in try prepare(channels) }
      switch prepared {
      case .failure(let error): try? answer.send(error.message, timeout: .zero)
      case .success(let sides):
        let carrier = IPCCarrier(
          inbound: sides.inbound, outbound: sides.outbound, ownLife: answer,
          theirLife: sides.life, peer: sides.peer)
        do throws(TransportError) {
          try accept(carrier)
          carrier.tell(.connected)
          carrier.answer("")
        } catch {
          carrier.answer(error.message)
          carrier.close(linger: nil)
        }
      }
    } catch {
      Diagnostics.report(Diagnostic(.refused, "'\(address)': \(error.message)"))
    }
  }

  private func prepare(_ channels: Announcement.Channels) throws(TransportError) -> IPCSides {
    let life: SPSCChannel<Text> = try IPCDoor.open(channels.upLife, transport, options)
    return IPCSides(
      inbound: try IPCDoor.lanes(channels.up, transport, format, options),
      outbound: try IPCDoor.lanes(channels.down, transport, format, options),
      life: OwnedReceiver(try life.receiver()), peer: life.holderOfSender)
  }
}

/// What a listener has of a connection.
private struct IPCSides {
  let inbound: LaneSet
  let outbound: LaneSet
  let life: OwnedReceiver
  let peer: String
}
