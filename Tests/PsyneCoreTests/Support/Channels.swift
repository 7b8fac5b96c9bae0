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

/// The same of one that suspends.
func channelError(
  of body: () async throws(ChannelError) -> Void
) async -> ChannelError? {
  do throws(ChannelError) {
    try await body()
    return nil
  } catch {
    return error
  }
}

extension Receiver {
  /// A copy of the next message's elements, or nil if there is none now.
  mutating func pollElements() throws(ChannelError) -> [Body.Element]? {
    guard let message = try tryReceive() else { return nil }
    var copy: [Body.Element] = []
    copy.reserveCapacity(message.count)
    let elements = message.elements
    for index in elements.indices { copy.append(elements[index]) }
    return copy
  }
}

extension Receiver where Body == Bytes {
  /// Whether the next message is there and is the one that was sent under `number`.
  mutating func pollMatches(_ number: Int, count: Int? = nil) throws(ChannelError) -> Bool {
    guard let message = try tryReceive() else { return false }
    return message.count == count ?? message.count && Pattern.matches(message, number)
  }
}
