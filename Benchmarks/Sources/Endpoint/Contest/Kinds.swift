internal import PsyneCore
internal import PsyneIPC

/// A channel of any kind.
protocol ContestChannel<Body>: Sendable {
  associatedtype Body: MessageBody
  func sender() throws(TransportError) -> Sender<Body>
  func receiver() throws(TransportError) -> Receiver<Body>
}

extension SPSCChannel: ContestChannel {}
#if PSYNE_KINDS
  extension MPSCChannel: ContestChannel {}
  extension SPMCChannel: ContestChannel {}
  extension MPMCChannel: ContestChannel {}
  extension BroadcastChannel: ContestChannel {}
#endif

func openContest<Body: MessageBody>(
  _ arguments: ContestArguments, _ body: Body.Type
) throws -> any ContestChannel<Body> {
  let registry = TransportRegistry([MemoryTransport(), IPCTransport()])
  let capacity = ByteCount.bytes(arguments.capacity)
  switch arguments.kind {
  case .spsc:
    return try SPSCChannel<Body>(arguments.address, capacity: capacity, registry: registry)
  #if PSYNE_KINDS
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
  #else
    case .mpsc, .spmc, .mpmc, .broadcast:
      throw Refusal("this endpoint was built without \(arguments.kind.rawValue) channels")
  #endif
  }
}
