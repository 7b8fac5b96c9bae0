internal import PsyneCore
internal import PsyneIPC

func openContest<Body: MessageBody>(
  _ arguments: ContestArguments, _ body: Body.Type
) throws -> any Channel<Body> {
  let registry = TransportRegistry([MemoryTransport(), IPCTransport()])
  let capacity = ByteCount.bytes(arguments.capacity)
  switch arguments.kind {
  case .spsc:
    return try SPSCChannel<Body>(arguments.address, capacity: capacity, registry: registry)
  case .mpsc:
    return try MPSCChannel<Body>(
      arguments.address, producers: arguments.producers, capacity: capacity, registry: registry)
  case .spmc:
    return try SPMCChannel<Body>(
      arguments.address, consumers: arguments.consumers, capacity: capacity, registry: registry)
  case .mpmc:
    return try MPMCChannel<Body>(
      arguments.address, producers: arguments.producers, consumers: arguments.consumers,
      capacity: capacity, registry: registry)
  case .broadcast:
    return try BroadcastChannel<Body>(
      arguments.address, consumers: arguments.consumers, capacity: capacity, registry: registry)
  }
}
