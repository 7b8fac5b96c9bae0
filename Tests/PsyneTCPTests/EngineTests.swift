import CPsyne
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

  @Test("who attends is told of its own, and leaves what comes for others to the engine")
  func attending() throws {
    // Without a thread: what it is to do is done when it is polled.
    let engine = try Engine()
    let (own, other) = (Told(), Told())
    let (ownTag, otherTag) = (engine.add(own), engine.add(other))
    let pairs = try (0..<2).map { _ in try socketPair() }
    defer { for pair in pairs { for socket in [pair.0, pair.1] { socket.close() } } }
    try engine.watch(pairs[0].0, for: ownTag)
    try engine.watch(pairs[1].0, for: otherTag)
    engine.poll()
    let counts = { [own, other].map { $0.count.load(ordering: .relaxed) } }
    let before = counts()
    for pair in pairs {
      let sent = unsafe [UInt8(1)].withUnsafeBytes {
        unsafe pair.1.send($0, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      try #require(sent == 1)
    }
    try eventually("it is told") {
      engine.attend(for: ownTag)
      return counts()[0] > before[0]
    }
    #expect(counts()[1] == before[1])
    try eventually("the other is told, too") {
      engine.poll()
      return counts()[1] > before[1]
    }
    let after = counts()
    engine.call(ownTag, at: 1)
    engine.call(otherTag, at: 2)
    // Not at once: the engine is left alone for a while.
    try eventually("its time has come") {
      engine.attend(for: ownTag)
      return counts()[0] > after[0]
    }
    #expect(counts() == [after[0] + 1, after[1]])
    engine.poll()
    #expect(counts() == [after[0] + 1, after[1] + 1])
    for pair in pairs { engine.unwatch(pair.0) }
  }

  @Test("when nobody attends any more, the engine's thread is there", arguments: [true, false])
  func absence(_ endsIt: Bool) throws {
    let engine = try Engine()
    try engine.start()
    let told = Told()
    let tag = engine.add(told)
    let (ours, theirs) = try socketPair()
    defer { for socket in [ours, theirs] { socket.close() } }
    try engine.watch(ours, for: tag)
    for _ in 0..<20 {
      for _ in 0..<20 { engine.attend(for: tag) }
      if endsIt { engine.endAttending() }
      let before = told.count.load(ordering: .relaxed)
      let sent = unsafe [UInt8(1)].withUnsafeBytes {
        unsafe theirs.send($0, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      try #require(sent == 1)
      try eventually("it is told") { told.count.load(ordering: .relaxed) > before }
    }
    engine.unwatch(ours)
  }

  @Test("a client's time can be taken before it comes to the others")
  func ownTimer() {
    var queue = TimerQueue()
    _ = queue.add(10, 1)
    _ = queue.add(20, 2)
    _ = queue.add(30, 3)
    let taken = [(2, 19), (2, 20), (2, 20)].map { queue.take($0, before: $1) }
    #expect(taken == [false, true, false])
    #expect(queue.earliest == 10)
    let isTaken = queue.take(1, before: 15)
    #expect(isTaken && queue.earliest == 30, "what was taken is not waited for")
    _ = queue.add(40, 2)
    let others = (0..<3).map { _ in queue.take(before: .max) }
    #expect(others == [3, 2, nil])
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

/// Counts what it is told.
private final class Told: EngineClient {
  let count = Atomic<Int>(0)

  func isReady(_ event: cpsyne_event) -> Bool {
    count.add(1, ordering: .relaxed)
    return false
  }

  func isDue(now: Int64) { count.add(1, ordering: .relaxed) }
}
