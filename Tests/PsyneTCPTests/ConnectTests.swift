import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP

/// Those who listen where somebody connects, and are no server that takes them.
@Suite("Connecting")
struct ConnectTests {
  private func listen() throws -> (socket: Socket, address: String) {
    let socket = try TCPListener.listen(Endpoint(host: "127.0.0.1", port: 0), TCPOptions())[0]
    let endpoint = try #require(SocketAddress(of: socket)).endpoint
    return (socket, "tcp://\(endpoint)")
  }

  @Test("one that does not answer is as good as nobody")
  func silent() throws {
    let (socket, address) = try listen()
    defer { socket.close() }
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("\(address)?connecttimeout=100ms", registry: tcp)
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("not answered within 100ms") == true)
  }

  @Test("one that closes without a word is as good as nobody, and may be one that has no room")
  func closing() throws {
    let (socket, address) = try listen()
    let isOver = BackgroundThread {
      var count = 0
      try eventually("somebody has come thrice") {
        if let stranger = socket.accept() {
          stranger.close()
          count += 1
        }
        return count == 3
      }
      socket.close()
    }
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("\(address)?connecttimeout=2s", registry: tcp)
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("without a word") == true)
    try isOver.join()
  }

  @Test(
    "until they have met the time to connect is the one clock, and the last reason is told",
    arguments: ["1ms", "50ms", "600s"])
  func neverMet(resume: String) throws {
    let (socket, address) = try listen()
    let isOver = Atomic<Bool>(false)
    let door = BackgroundThread {
      while !isOver.load(ordering: .relaxed) {
        if let stranger = socket.accept() { stranger.close() } else { pass(microseconds: 500) }
      }
      socket.close()
    }
    let start = ContinuousClock.now
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>(
        "\(address)?connecttimeout=3s&resume=\(resume)", registry: tcp)
    }
    #expect(ContinuousClock.now - start >= .seconds(3))
    #expect(error?.code == .notFound)
    let words = "no connection was made within 3s, the last time because: the "
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    isOver.store(true, ordering: .relaxed)
    try door.join()
  }

  @Test("one that is turned away without a word is let in once there is room, however late")
  func room() throws {
    let server = try Server<Numbers>(
      "tcp://127.0.0.1:0?peraddress=1&hellotimeout=1h", registry: tcp)
    // So many strangers are let in of one address for their hello.
    let strangers = (0..<17).map { _ in CuttingProxy.connect(port(of: server.address)) }
    defer { for stranger in strangers { close(stranger) } }
    let connecting = BackgroundThread {
      let connection = try Connection<Numbers>(
        "\(server.address)?resume=50ms&connecttimeout=1h", registry: tcp)
      return connection.state
    }
    // It would have been given up.
    pass(microseconds: 400_000)
    #expect(!connecting.hasEnded)
    for stranger in strangers { _ = shutdown(stranger, Int32(SHUT_RDWR)) }
    #expect(try connecting.join() == .connected)
  }

  @Test("one that speaks something else is a mismatch")
  func other() throws {
    let (socket, address) = try listen()
    defer { socket.close() }
    let speaker = BackgroundThread {
      var stranger: Socket?
      try eventually("somebody comes") {
        stranger = socket.accept()
        return stranger != nil
      }
      let text = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)
      if let stranger {
        _ = unsafe text.withUnsafeBytes {
          unsafe stranger.send($0, UnsafeRawBufferPointer(start: nil, count: 0))
        }
      }
      return stranger
    }
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("\(address)?connecttimeout=60s", registry: tcp)
    }
    #expect(error?.code == .mismatch)
    #expect(error?.message.contains("not Psyne's protocol") == true)
    try speaker.join()?.close()
  }

  @Test("nobody is called for lanes that cannot be had")
  func lanes() throws {
    let (socket, address) = try listen()
    defer { socket.close() }
    #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("\(address)?numa=1000", registry: tcp)
    }
    #expect(socket.accept() == nil)
  }

  @Test("an address that has its connections is told so, and can go on with those it has")
  func perAddress() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?peraddress=1&resume=600s", registry: tcp)
    let proxy = try CuttingProxy(to: port(of: server.address)) { .max }
    defer { proxy.stop() }
    proxy.beKind()
    let first = try Connection<Numbers>("tcp://127.0.0.1:\(proxy.port)", registry: tcp)
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Numbers>("\(server.address)?connecttimeout=60s", registry: tcp)
    }
    #expect(error?.code == .mismatch)
    #expect(error?.message.contains("1 connection of one address") == true)
    #expect(error?.message.contains("raise 'peraddress' there") == true)
    var sender = try first.sender()
    var receiver = try server.receiver()
    for round in 0..<3 {
      proxy.cutAll()
      try send(round * 10..<round * 10 + 10, &sender)
      #expect(try receive(round * 10..<round * 10 + 10, &receiver) == nil)
    }
    first.abandon()
    try eventually("it is forgotten") {
      _ = try receiver.tryReceive()?.count
      return server.peers.isEmpty
    }
    let second = try Connection<Numbers>(server.address, registry: tcp)
    #expect(second.state == .connected)
  }
}
