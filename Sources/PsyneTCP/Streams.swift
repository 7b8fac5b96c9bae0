internal import Glibc
internal import PsyneCore

/// What the connections of an address have between their links and their sockets.
struct Streams: Sendable {
  let codec: (any BlockCodec)?
  let maker: (any StreamMaker)?

  /// How bytes travel over such a stream.
  func details(of stream: (any ByteStream)?) -> ConnectionDetails {
    ConnectionDetails(
      transport: "TCP", encryption: stream?.encryption, codec: codec.map { "\($0)" })
  }

  /// What everything passes, from the first byte on.
  func stream(over socket: Socket) throws(TransportError) -> any ByteStream {
    try maker?.stream(over: socket) ?? SocketStream(socket)
  }

  /// The same, with what encodes all that follows the hellos.
  ///
  /// - Parameter hasHello: whether the other side's has been read from `stream` already, as a listener's
  ///   stranger does.
  func encoding(
    _ stream: any ByteStream, _ terms: LinkTerms, hasHello: Bool
  ) -> any ByteStream {
    guard let codec else { return stream }
    return CodedStream(
      stream, codec, elementSize: terms.format.elementSize, hasHello: hasHello)
  }
}

extension ByteStream {
  /// Has as much taken as can be now: less than all only where no more is. What was taken may still have to
  /// be flushed.
  func sendAll(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    var (head, body) = unsafe (head, body)
    var done = 0
    while true {
      let count = unsafe send(head, body)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return done > 0 ? done : count }
      done += count
      let ofHead = min(count, head.count)
      unsafe head = UnsafeRawBufferPointer(rebasing: head[ofHead...])
      unsafe body = UnsafeRawBufferPointer(rebasing: body[(count - ofHead)...])
      if unsafe isDirect || head.isEmpty && body.isEmpty { return done }
    }
  }
}
