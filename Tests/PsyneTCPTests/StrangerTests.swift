import Glibc
import PsyneCore
import PsyneTCP
import TestSupport
import Testing

/// Whoever connects and does not mean well, or not us.
@Suite("Strangers")
struct StrangerTests {
  private func server(_ options: String) throws -> Server<Numbers> {
    try Server<Numbers>("tcp://127.0.0.1:0?\(options)", registry: tcp)
  }

  /// Sends bytes to a server; returns what it answers until it closes.
  private func say(_ bytes: [UInt8], to server: Server<Numbers>) throws -> [UInt8] {
    let end = CuttingProxy.connect(port(of: server.address))
    #expect(end >= 0)
    defer { close(end) }
    if !bytes.isEmpty { _ = unsafe Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    var (answer, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while true {
      let count = unsafe recv(end, &buffer, buffer.count, 0)
      guard count > 0 else { return answer }
      answer += buffer[..<count]
    }
  }

  private func serves(_ server: Server<Numbers>) throws {
    let connection = try Connection<Numbers>(server.address, registry: tcp)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try send(0..<10, &sender)
    #expect(try receive(0..<10, &receiver) == nil)
  }

  @Test(
    "other protocols and garbage are shown the door, and the rest goes on",
    arguments: [
      Array("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".utf8),
      [0], [0x16, 0x04], [0x89, 0x50, 0x53, 0x59, 0x4e, 0x45, 0x0d, 0x0b],
      Array(repeating: 0xff, count: 5000),
    ] as [[UInt8]])
  func garbage(_ bytes: [UInt8]) throws {
    let server = try server("hellotimeout=60s")
    #expect(try say(bytes, to: server).isEmpty)
    try serves(server)
  }

  @Test("who speaks TLS is told by an alert of TLS", arguments: [UInt8(0x15), 0x16])
  func encrypted(_ record: UInt8) throws {
    let server = try server("hellotimeout=60s")
    let answer = try say([record, 3, 1, 2, 0, 1], to: server)
    #expect(answer == [0x15, 3, 3, 0, 2, 2, 70])
    try serves(server)
  }

  @Test(
    "a version that we do not speak, or a hello that lies, is told why",
    arguments: [(99, 0, 2), (1, 1, 4)] as [(UInt8, UInt8, UInt8)])
  func hello(version: UInt8, flags: UInt8, code: UInt8) throws {
    let server = try server("hellotimeout=60s")
    let magic: [UInt8] = [0x89, 0x50, 0x53, 0x59, 0x4e, 0x45, 0x0d, 0x0a]
    let hello = magic + [version, 0, flags, 0, 128, 0, 0, 0] + Array(repeating: 7, count: 112)
    let answer = try say(hello, to: server)
    // A hello of our version, of a listener, of the session that was asked for, and nobody's.
    try #require(answer.count > 128 + 32 + 4)
    #expect(answer[..<16].elementsEqual(magic + [1, 0, 0, 0, 128, 0, 0, 0]))
    #expect(answer[16..<20].elementsEqual([2, 0, 0, 0]))
    #expect(answer[56..<72].allSatisfy { $0 == 7 } && answer[72..<128].allSatisfy { $0 == 0 })
    // An error behind it, and its code.
    #expect(Int(answer[128]) + Int(answer[129]) << 8 == answer.count - 128 - 32)
    #expect(answer[132] == 7 && answer[160..<164].elementsEqual([code, 0, 0, 0]))
    let text = String(decoding: answer[164...], as: UTF8.self)
    #expect(text.contains(code == 2 ? "speaks version 99" : "malformed"))
    try serves(server)
  }

  @Test("a part of a hello is not answered")
  func part() throws {
    let server = try server("hellotimeout=100ms")
    let magic: [UInt8] = [0x89, 0x50, 0x53, 0x59, 0x4e, 0x45, 0x0d, 0x0a]
    #expect(try say(magic + Array(repeating: 7, count: 119), to: server).isEmpty)
    try serves(server)
  }

  @Test("one that does not say hello in time is gone; a hundred of them do not keep others out")
  func slow() throws {
    let server = try server("hellotimeout=300ms&peraddress=200")
    let ends = (0..<100).map { _ in CuttingProxy.connect(port(of: server.address)) }
    defer { for end in ends { close(end) } }
    #expect(ends.allSatisfy { $0 >= 0 })
    try serves(server)
    // Those whose time has passed are closed by the server.
    for end in ends {
      var byte: UInt8 = 0
      #expect(unsafe recv(end, &byte, 1, 0) <= 0)
    }
  }

  @Test("connections are limited, per address too; whoever leaves makes room")
  func limits() throws {
    let server = try server("connections=2")
    var receiver = try server.receiver()
    let first = try Connection<Numbers>(server.address, registry: tcp)
    do {
      let second = try Connection<Numbers>(server.address, registry: tcp)
      let refused = #expect(throws: TransportError.self) {
        _ = try Connection<Numbers>(server.address, registry: tcp)
      }
      #expect(refused?.message.contains("the other side says: ") == true)
      #expect(refused?.message.contains("2 connections") == true)
      _ = second.state
    }
    try eventually("the second has left") {
      _ = try receiver.tryReceive()?.count
      return server.peers.count == 1
    }
    let third = try Connection<Numbers>(server.address, registry: tcp)
    #expect(first.state == .connected && third.state == .connected)
  }

  @Test("a message that is too long for the other side is refused where it is sent")
  func tooLong() throws {
    let server = try server("maxmessage=100B")
    let connection = try Connection<Numbers>(server.address, registry: tcp)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try send(0..<3, &sender)
    #expect(try receive(0..<3, &receiver) == nil)
    #expect(connection.largestMessage == 104 && sender.largestMessage == 104)
    #expect(throws: ChannelError.tooLarge(bytes: 120, capacity: 112)) {
      _ = try sender.tryReserve(count: 14)?.count
    }
    // Also where much is sent without a look at the limit.
    for _ in 0..<1000 {
      var loan = try sender.reserve(count: 13)
      loan[0] = 7
      loan.send()
    }
    for _ in 0..<1000 { #expect(try receiver.receive(timeout: watchdog)?.count == 13) }
    #expect(connection.state == .connected)
  }
}
