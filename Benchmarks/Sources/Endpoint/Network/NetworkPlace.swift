internal import CBench
internal import PsyneCore
internal import PsyneTCP
internal import PsyneTLS
internal import Synchronization

/// How often a connection of this process went on with the keys of an earlier one.
let resumedHandshakes = Atomic<Int>(0)

private let registry = TransportRegistry([TCPTransport(), TLSTransport(hooks: hooks)])

private var hooks: TLSHooks {
  var hooks = TLSHooks()
  hooks.authorize = { peer in
    if peer.isResumed { resumedHandshakes.add(1, ordering: .relaxed) }
  }
  return hooks
}

/// `SCHEME[@FOLDER][?OPTIONS]`: the folder has the certificates, which both sides show.
private func address(_ arguments: Arguments, own: String) -> String {
  let parts = arguments.variant.split(separator: "?", maxSplits: 1)
  let names = parts[0].split(separator: "@", maxSplits: 1)
  var options = parts.dropFirst().map(String.init)
  if let folder = names.dropFirst().first {
    options += ["ca=\(folder)/ca.pem", "cert=\(folder)/\(own).pem"]
  }
  return "\(names[0])://127.0.0.1:\(arguments.name)"
    + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
}

private func options(_ arguments: Arguments) -> ChannelOptions {
  // Nothing asked for is the transport's own capacity.
  ChannelOptions(capacity: arguments.capacity > 0 ? .bytes(arguments.capacity) : nil)
}

func serve(_ arguments: Arguments) throws -> Server<Words> {
  try Server(
    address(arguments, own: "server"), options: options(arguments), registry: registry)
}

func connect(_ arguments: Arguments) throws -> Connection<Words> {
  try Connection(
    address(arguments, own: "client"), options: options(arguments), registry: registry)
}

/// Whoever sends learns that everything was read while the server still runs: a process that ends takes
/// its sockets with it at once.
func awaitDeparture(from server: Server<Words>) {
  while server.peers.contains(where: { $0.state == .connected }) { cbench_sleep(1_000_000) }
}
