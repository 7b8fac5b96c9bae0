import TestSupport
import Testing

@testable import PsyneCore
@testable import PsyneTCP

/// One engine for the tests of this target.
let tcp = TransportRegistry([TCPTransport()])

func port(of address: String) -> UInt16 {
  UInt16(address.split(separator: ":").last.map(String.init) ?? "") ?? 0
}

typealias Numbers = Vector<UInt64>

/// Sends messages whose elements follow from their number.
func send(_ numbers: Range<Int>, _ sender: inout Sender<Numbers>) throws(ChannelError) {
  for number in numbers {
    var loan = try sender.reserve(count: 1 + number % 300)
    for index in 0..<loan.count { loan[index] = UInt64(number &* 1000 &+ index) }
    loan.send()
  }
}

func isRight(_ message: borrowing Message<Numbers>, _ number: Int) -> Bool {
  guard message.count == 1 + number % 300 else { return false }
  for index in 0..<message.count where message[index] != UInt64(number &* 1000 &+ index) {
    return false
  }
  return true
}

/// Receives so many, in order; the first that is wrong, or nil.
func receive(
  _ numbers: Range<Int>, _ receiver: inout Receiver<Numbers>
) throws(ChannelError) -> Int? {
  for number in numbers {
    guard let message = try receiver.receive(), isRight(message, number) else { return number }
  }
  return nil
}

/// A socket's stream, for those that do something else in between.
class PassingStream: ByteStream {
  private let stream: SocketStream

  init(_ socket: Socket) { stream = SocketStream(socket) }

  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    unsafe stream.send(head, body)
  }

  func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int { unsafe stream.receive(first, second) }

  func flush() -> Int { stream.flush() }
  func relax() { stream.relax() }
  func finishSending() { stream.finishSending() }
  var unsentBytes: Int { stream.unsentBytes }
  var isDirect: Bool { true }
  var failure: LinkError? { nil }
  var identity: PeerIdentity? { nil }
}

/// Both ends of a connection, without anything over it.
func socketPair() throws -> (ours: Socket, theirs: Socket) {
  let door = try TCPListener.listen(Endpoint(host: "127.0.0.1", port: 0), TCPOptions())[0]
  defer { door.close() }
  let port = try #require(SocketAddress(of: door)).endpoint.port
  let theirs = try Dialer.dial(
    Endpoint(host: "127.0.0.1", port: port), TCPOptions(), until: .max)
  var ours: Socket?
  try eventually("it is there") {
    ours = door.accept()
    return ours != nil
  }
  return (try #require(ours), theirs)
}
