internal import Psyne

extension ChannelArguments {
  /// Opens the channel, so that it is left in order whatever ends the process.
  func open<Body: MessageBody & SendableMetatype>(_ body: Body.Type) throws -> any Channel<Body> {
    let address = try betweenProcesses()
    return switch kind ?? .spsc {
    case .spsc: try open(SPSCChannel<Body>.self, address)
    case .mpsc: try open(MPSCChannel<Body>.self, address)
    case .spmc: try open(SPMCChannel<Body>.self, address)
    case .mpmc: try open(MPMCChannel<Body>.self, address)
    case .broadcast: try open(BroadcastChannel<Body>.self, address)
    }
  }

  /// The address, which is one of more than one process.
  func betweenProcesses() throws -> String {
    let address = ChannelName.address(uri)
    guard try ChannelAddress(address).scheme != "memory" else {
      throw Failure(
        .usage, "'\(uri)' joins the threads of one process; between processes, write ipc://NAME")
    }
    return secure.merged(into: address)
  }

  private func open<Opened: Channel & SendableMetatype>(
    _ channel: Opened.Type, _ address: String
  ) throws -> Opened {
    let options = ChannelOptions(capacity: capacity, producers: producers, consumers: consumers)
    return try Departure.guarding {
      try TransportRegistry.standard.open(address, as: channel, options: options)
    } cleanUp: {
      $0.abandon()
      Progress.endLine()
    }
  }
}
