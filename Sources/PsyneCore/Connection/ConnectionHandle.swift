/// Keeps a connection for as long as somebody has a handle or an end of it.
public final class ConnectionHandle: Sendable {
  let carrier: Carrier
  let options: ChannelOptions

  init(_ carrier: Carrier, _ options: ChannelOptions) {
    self.carrier = carrier
    self.options = options
  }

  deinit { carrier.close() }
}
