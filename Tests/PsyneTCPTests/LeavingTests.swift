import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PsyneCore
@testable import PsyneTCP

/// A server that ends, and that nobody is to wait for.
@Suite("Leaving for good")
struct LeavingTests {
  private let options = "resume=600s&capacity=64KiB"

  /// Sends until there is no room.
  private static func fill(_ sender: inout Sender<Numbers>) throws -> Int {
    var count = 0
    while var loan = try sender.tryReserve(count: 100) {
      loan[0] = UInt64(count)
      loan.send()
      count += 1
    }
    return count
  }

  @Test("clients know at once, however much is under way, and get what had come")
  func told() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?\(options)", registry: tcp)
    let clients = try (0..<3).map { _ in
      try Connection<Numbers>("\(server.address)?\(options)", registry: tcp)
    }
    try eventually("all are there") { server.peers.count == clients.count }
    let interruptions = Mutex(0)
    for client in clients {
      client.onEvent { event in
        if case .interrupted = event { interruptions.withLock { $0 += 1 } }
      }
    }
    // Nobody reads at either side: the first is idle, the second has sent all it can, the third was sent it.
    var replies = server.sender()
    var sender = try clients[1].sender()
    #expect(try Self.fill(&sender) > 0)
    let sent = Mutex(0)
    try replies.to(server.peers[2].id) { sender in
      let count = try Self.fill(&sender)
      sent.withLock { $0 = count }
    }
    let count = sent.withLock(\.self)
    server.leave(within: watchdog)
    for client in clients {
      try eventually("it knows") { client.state == .failed }
      #expect(client.failure?.message == "the other side says: \(TCPConnection.farewell.message)")
    }
    #expect(interruptions.withLock(\.self) == 0)
    var receiver = try clients[2].receiver()
    for number in 0..<count {
      let first = try receiver.receive(timeout: watchdog)?[0]
      #expect(first == UInt64(number))
    }
    #expect(throws: ChannelError.peerDied) { _ = try receiver.receive(timeout: watchdog)?.count }
  }

  @Test("one that does not answer is not waited for longer than was said")
  func silent() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?\(options)", registry: tcp)
    let end = CuttingProxy.connect(port(of: server.address))
    defer { close(end) }
    let terms = LinkTerms(
      format: MessageFormat(Numbers.self), capacity: 64 << 10, largestMessage: 64 << 10,
      keepAlive: 5000)
    var hello = Hello(role: .connector, terms: terms, session: .random(), incarnation: .none)
    hello.attempt = 1
    var bytes = [UInt8](repeating: 0, count: Hello.bytes)
    unsafe bytes.withUnsafeMutableBytes { unsafe hello.encode(to: $0) }
    #expect(unsafe send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    try eventually("it is there") { server.peers.first?.state == .connected }
    let start = ContinuousClock.now
    server.leave(within: .milliseconds(200))
    #expect(ContinuousClock.now - start >= .milliseconds(200))
    #expect(server.peers.isEmpty)
    // It was told all the same.
    var (heard, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while true {
      let count = unsafe recv(end, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      heard += buffer[..<count]
    }
    #expect(String(decoding: heard, as: UTF8.self).hasSuffix(TCPConnection.farewell.message))
  }

  @Test("one that is interrupted just then is not waited for")
  func interrupted() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?\(options)", registry: tcp)
    let proxy = try CuttingProxy(to: port(of: server.address)) { .max }
    let client = try Connection<Numbers>("tcp://127.0.0.1:\(proxy.port)?\(options)", registry: tcp)
    proxy.stop()
    try eventually("it is noticed") { server.peers.first?.state == .interrupted }
    server.leave(within: .seconds(3600))
    #expect(server.peers.isEmpty)
    client.abandon()
  }
}
