import Glibc
import PsyneCore
import Synchronization

/// A registry whose `memory://` names belong to one test.
func makeRegistry() -> TransportRegistry { TransportRegistry([MemoryTransport()]) }

/// A channel that nobody else has open.
func makeChannel<Body: MessageBody>(
  of body: Body.Type = Body.self, capacity: ByteCount = .kibibytes(4)
) throws -> SPSCChannel<Body> {
  try makeRegistry().open("memory://test", options: ChannelOptions(capacity: capacity))
}

/// Which code a closure's `TransportError` has, and its message; nil if it throws none.
func failure(of body: () throws -> Void) -> TransportError? {
  do {
    try body()
    return nil
  } catch let error as TransportError {
    return error
  } catch {
    return nil
  }
}

/// What a closure throws, so that an expectation can name it.
func channelError(of body: () throws -> Void) -> ChannelError? {
  do {
    try body()
    return nil
  } catch {
    return error as? ChannelError
  }
}
