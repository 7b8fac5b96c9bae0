@testable import PsyneCore
import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP

/// The threads that wait for sockets.
@Suite("Engines")
struct EngineTests {
  @Test("a server's receiver hears of connections that other engines serve")
  func several() throws {
    let registry = TransportRegistry([TCPTransport(engines: 3)])
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: registry)
    let connections = try (0..<6).map { _ in try Connection<Numbers>(server.address, registry: tcp)
    }
    try eventually("all are there") { server.peers.count == connections.count }
    let serving = BackgroundThread {
      var receiver = try server.receiver()
      var replies = server.sender()
      for _ in 0..<connections.count * 50 {
        guard let request = try receiver.receive(timeout: watchdog) else { return false }
        let number = Int(request[0]) / 1000
        guard isRight(request, number) else { return false }
        try replies.to(request.peer) { try send(number + 1..<number + 2, &$0) }
      }
      return true
    }
    // One at a time, so that the receiver sleeps before each.
    for round in 0..<50 {
      for connection in connections {
        var sender = try connection.sender()
        var receiver = try connection.receiver()
        try send(round..<round + 1, &sender)
        #expect(try receive(round + 1..<round + 2, &receiver) == nil)
      }
    }
    #expect(try serving.join())
  }

  @Test("a receiver that sleeps hears of a connection that comes then, and is another engine's")
  func later() throws {
    let registry = TransportRegistry([TCPTransport(engines: 2)])
    // Nothing else wakes it, but that it looks by itself every few seconds.
    let server = try Server<Numbers>(
      "tcp://127.0.0.1:0?keepalive=1h&hellotimeout=1h", registry: registry)
    var connections = [try Connection<Numbers>(server.address, registry: tcp)]
    try eventually("it is there") { server.peers.count == 1 }
    let count = 20
    let received = Atomic<Int>(0)
    let receiving = BackgroundThread {
      var receiver = try server.receiver()
      for number in 0..<count {
        if let wrong = try receive(number..<number + 1, &receiver) { return wrong as Int? }
        received.add(1, ordering: .releasing)
      }
      return nil
    }
    let parked = unsafe server.hub.inbox.doorbell.channel.word(0, ChannelLayout.parked)
    for number in 0..<count {
      // Of different connections the last message may else come before the one before it.
      try eventually("it sleeps") {
        unsafe received.load(ordering: .acquiring) == number
          && parked.pointee.load(ordering: .relaxed) != 0
      }
      let connection = try Connection<Numbers>(server.address, registry: tcp)
      connections.append(connection)
      var sender = try connection.sender()
      try send(number..<number + 1, &sender)
    }
    #expect(try receiving.join() == nil)
    #expect(connections.allSatisfy { $0.state == .connected })
  }

  @Test("times that were replaced by earlier ones do not pile up, and none is lost")
  func timers() {
    var queue = TimerQueue()
    for time in 0..<100_000 { _ = queue.add(Int64(200_000 - time), 1) }
    #expect(queue.count < 200)
    for tag in 2..<500 as Range<UInt64> { _ = queue.add(Int64(tag) * 10, tag) }
    var taken: [UInt64] = []
    while let tag = queue.take(before: .max) { taken.append(tag) }
    #expect(taken == Array(2..<500) + [1])
    #expect(queue.count == 0 && queue.earliest == .max)
  }
}
