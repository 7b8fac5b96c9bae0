import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP

/// Streams that take long for a byte, as those that encrypt may if the other side wants them to.
@Suite("Turns")
struct TurnTests {
  @Test(
    "a connection that has much to do for its bytes leaves the others theirs",
    arguments: [true, false])
  func connections(_ makesBytes: Bool) throws {
    let slow = Slow(makesBytes ? .slowBytes : .noBytes, after: Hello.bytes)
    let server = try Server<Numbers>(
      "tcp://127.0.0.1:0", registry: TransportRegistry([TCPTransport().over(slow, scheme: "tcp")]))
    let first = try Connection<Numbers>(server.address, registry: tcp)
    var sender = try first.sender()
    try send(0..<300, &sender)
    try eventually("it has begun") { slow.hasBegun }
    try serves(server)
    #expect(first.state == .connected)
    slow.relent()
    var receiver = try server.receiver()
    #expect(try receive(0..<300, &receiver) == nil)
  }

  @Test("one who is not let in yet leaves the others their turns as well")
  func strangers() throws {
    let slow = Slow(.noBytes, after: 0)
    let server = try Server<Numbers>(
      "tcp://127.0.0.1:0?hellotimeout=60s",
      registry: TransportRegistry([TCPTransport().over(slow, scheme: "tcp")]))
    let stranger = CuttingProxy.connect(port(of: server.address))
    defer { close(stranger) }
    try eventually("it has begun") { slow.hasBegun }
    try serves(server)
    slow.relent()
  }

  /// Somebody new connects, and gets messages.
  private func serves(_ server: Server<Numbers>) throws {
    let known = Set(server.peers.map(\.id))
    let connection = try Connection<Numbers>(server.address, registry: tcp)
    var receiver = try connection.receiver()
    var replies = server.sender()
    try eventually("it is there") { server.peers.count > known.count }
    let peer = try #require(server.peers.first { !known.contains($0.id) })
    for number in 0..<20 {
      try replies.to(peer.id) { try send(number..<number + 1, &$0) }
      #expect(try receive(number..<number + 1, &receiver) == nil)
    }
  }
}

/// Makes the first stream a slow one, until it relents.
private final class Slow: StreamMaker {
  enum Trouble: Sendable { case noBytes, slowBytes }

  let trouble: Trouble
  let free: Int
  private let streams = Atomic<Int>(0)
  private let begun = Atomic<Bool>(false)
  private let relented = Atomic<Bool>(false)

  /// - Parameter free: so many bytes come at once.
  init(_ trouble: Trouble, after free: Int) {
    self.trouble = trouble
    self.free = free
  }

  var hasBegun: Bool { begun.load(ordering: .relaxed) }
  func relent() { relented.store(true, ordering: .relaxed) }

  /// Whether to be slow now.
  func isSlow() -> Bool {
    begun.store(true, ordering: .relaxed)
    return !relented.load(ordering: .relaxed)
  }

  var optionNames: [String] { [] }

  func merging(
    _ address: ChannelAddress, host: String, listens: Bool
  ) throws(TransportError) -> Self { self }

  func stream(over socket: Socket) throws(TransportError) -> any ByteStream {
    let isFirst = streams.wrappingAdd(1, ordering: .relaxed).newValue == 1
    return isFirst ? SlowStream(socket, self) : SocketStream(socket)
  }
}

private final class SlowStream: PassingStream {
  private let slow: Slow
  private var count = 0

  init(_ socket: Socket, _ slow: Slow) {
    self.slow = slow
    super.init(socket)
  }

  override func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int {
    guard count >= slow.free, slow.isSlow() else {
      let got = unsafe super.receive(first, second)
      count += max(0, got)
      return got
    }
    guard slow.trouble == .slowBytes else {
      errno = EINTR
      return -1
    }
    pass(microseconds: 1000)
    let target = unsafe first.count > 0 ? first : second
    return unsafe super.receive(
      UnsafeMutableRawBufferPointer(rebasing: target.prefix(1)),
      UnsafeMutableRawBufferPointer(start: nil, count: 0))
  }

  override var isDirect: Bool { false }
}
