import PsyneCore
import PsyneTCP
import Synchronization
import TestSupport
import Testing

@Suite("Connections that break")
struct ResumeTests {
  @Test("cut at random bytes, again and again: nothing is lost and nothing comes twice")
  func cuts() throws {
    // 1.2 KiB on average, both ways.
    let (count, cuts) = isVerifying ? (900_000, 500) : (60_000, 60)
    let seed = makeSeed("cuts")
    let generator = Mutex(SeededGenerator(seed: seed))
    let server = try Server<Numbers>(
      "tcp://127.0.0.1:0?capacity=256KiB&resume=60s", registry: tcp)
    let proxy = try CuttingProxy(to: port(of: server.address)) {
      generator.withLock { .random(in: 0..<2 * 1200 * 2 * count / (cuts + cuts / 5), using: &$0) }
    }
    defer { proxy.stop() }
    let serverEvents = Mutex<[ConnectionEvent]>([])
    server.onEvent { _, event in serverEvents.withLock { $0.append(event) } }
    let connection = try Connection<Numbers>(
      "tcp://127.0.0.1:\(proxy.port)?capacity=256KiB&resume=60s&connecttimeout=20s", registry: tcp)
    let events = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in events.withLock { $0.append(event) } }
    let there = BackgroundThread {
      var receiver = try server.receiver()
      return try receive(0..<count, &receiver)
    }
    let back = BackgroundThread {
      var receiver = try connection.receiver()
      return try receive(0..<count, &receiver)
    }
    let sending = BackgroundThread {
      var sender = server.sender()
      try eventually("the client is there") { !server.peers.isEmpty }
      try sender.to(server.peers[0].id) { try send(0..<count, &$0) }
    }
    var sender = try connection.sender()
    try send(0..<count, &sender)
    #expect(try there.join() == nil)
    #expect(try back.join() == nil)
    try sending.join()
    #expect(proxy.cuts >= cuts / 2, "\(proxy.cuts) cuts")
    print("cuts: \(proxy.cuts) in \(2 * 1200 * count / (1 << 20)) MiB both ways, seed \(seed)")
    proxy.beKind()
    try sender.drain(timeout: watchdog)
    #expect(connection.state == .connected)
    #expect(events.withLock { $0 }.contains(.resumed))
    #expect(
      !events.withLock { $0 }.contains { if case .restarted = $0 { true } else { false } })
  }

  @Test("much that comes at once is all read, though nothing comes behind it")
  func much() throws {
    // Nobody says anything else for an hour.
    let options = "capacity=64MiB&keepalive=1h"
    let server = try Server<Numbers>("tcp://127.0.0.1:0?\(options)", registry: tcp)
    let connection = try Connection<Numbers>("\(server.address)?\(options)", registry: tcp)
    var sender = try connection.sender()
    for _ in 0..<5 {
      var loan = try sender.reserve(count: 1 << 20)
      loan[0] = 7
      loan.send()
    }
    var receiver = try server.receiver()
    for _ in 0..<5 { #expect(try receiver.receive(timeout: watchdog)?.count == 1 << 20) }
  }

  @Test("a server that is started again gets what nobody has read, marked, and goes on")
  func restart() throws {
    var server: Server<Numbers>? = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let address = server!.address
    let connection = try Connection<Numbers>(address, registry: tcp)
    let events = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in events.withLock { $0.append(event) } }
    var sender = try connection.sender()
    do {
      var receiver = try server!.receiver()
      try send(0..<100, &sender)
      #expect(try receive(0..<60, &receiver) == nil)
    }
    // What was never there before does not come again.
    let peer = try #require(server?.peers.first?.id)
    try eventually("all have come") { server?.statistics(of: peer)?.inbound.messages == 100 }
    // What was read is known once the other side has said so.
    try eventually("it is confirmed") { connection.statistics.outbound.unreadBytes < 100 * 1300 }
    server!.abandon()
    server = nil
    try eventually("the break is noticed") {
      events.withLock { $0 }.contains { if case .interrupted = $0 { true } else { false } }
    }
    try send(100..<150, &sender)
    let again = try Server<Numbers>(address, registry: tcp)
    var receiver = try again.receiver()
    // It begins with what was not confirmed: at 60 or before.
    var next = 0
    if let first = try receiver.receive() {
      next = Int(first[0] / 1000)
      let (isMarked, isGood) = (first.isRedelivery, isRight(first, next))
      #expect(isMarked && isGood && next <= 60)
    }
    while next < 149, let message = try receiver.receive() {
      next += 1
      let (isMarked, isGood) = (message.isRedelivery, isRight(message, next))
      #expect(isGood && isMarked == (next < 100), "message \(next)")
    }
    // It is told a moment after the first message is there.
    var restarts: [Int] = []
    try eventually("it is told") {
      restarts = events.withLock { events in
        events.compactMap { if case .restarted(let count) = $0 { count } else { nil } }
      }
      return !restarts.isEmpty
    }
    #expect(restarts.count == 1 && (40...100).contains(restarts[0]))
  }

  @Test("one that does not come back has failed, and what did not arrive is told")
  func failure() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let connection = try Connection<Numbers>(server.address + "?resume=200ms", registry: tcp)
    var sender = try connection.sender()
    var back = try connection.receiver()
    try send(0..<10, &sender)
    server.abandon()
    #expect(throws: ChannelError.peerDied) { _ = try back.receive(timeout: watchdog)?.count }
    #expect(connection.state == .failed)
    #expect(connection.failure?.unconfirmedMessages == 10)
  }

  @Test("one that comes back to a server that has no room has failed, and is told why")
  func full() throws {
    let options = "keepalive=50ms&resume=600s"
    var server: Server<Numbers>? = try Server<Numbers>(
      "tcp://127.0.0.1:0?\(options)", registry: tcp)
    let address = try #require(server?.address)
    let proxy = try CuttingProxy(to: port(of: address)) { .max }
    defer { proxy.stop() }
    proxy.beKind()
    let connection = try Connection<Numbers>(
      "tcp://127.0.0.1:\(proxy.port)?\(options)", registry: tcp)
    let events = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in events.withLock { $0.append(event) } }
    // Nothing of it passes until somebody else is there.
    proxy.stall(true)
    server?.abandon()
    server = nil
    let again = try Server<Numbers>("\(address)?\(options)&connections=1", registry: tcp)
    let other = try Connection<Numbers>("\(address)?\(options)", registry: tcp)
    proxy.stall(false)
    try eventually("it is turned away") { connection.state == .failed }
    #expect(connection.failure?.message.contains("the other side says: ") == true)
    #expect(connection.failure?.message.contains("its 1 connection,") == true)
    let isTold = events.withLock { events in
      events.contains {
        switch $0 {
        case .connected, .resumed, .restarted: true
        default: false
        }
      }
    }
    #expect(!isTold, "nobody was met")
    #expect(other.state == .connected && again.peers.count == 1)
  }

  @Test("a server need not wait for a client that has left without closing")
  func leaving() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?resume=600s", registry: tcp)
    let failure = Mutex<String?>(nil)
    server.onEvent { _, event in
      if case .failed(let why) = event { failure.withLock { $0 = why.message } }
    }
    let connection = try Connection<Numbers>(server.address, registry: tcp)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    var answers = server.sender()
    try send(0..<10, &sender)
    #expect(try receive(0..<5, &receiver) == nil)
    // What nobody reads there does not keep the word from coming.
    try answers.to(server.peers[0].id) { try send(0..<10, &$0) }
    connection.abandon()
    #expect(try receive(5..<10, &receiver) == nil)
    try eventually("the server knows") {
      _ = try receiver.tryReceive()?.count
      return server.peers.isEmpty
    }
    // It is told a moment after it is gone.
    try eventually("it is told") { failure.withLock { $0 } != nil }
    #expect(failure.withLock { $0 }?.contains("left without closing") == true)
  }

  @Test("a peer that falls silent is noticed within its keep-alives")
  func silence() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?keepalive=200ms", registry: tcp)
    let proxy = try CuttingProxy(to: port(of: server.address)) { .max }
    defer { proxy.stop() }
    proxy.beKind()
    let connection = try Connection<Numbers>(
      "tcp://127.0.0.1:\(proxy.port)?keepalive=200ms", registry: tcp)
    let events = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in events.withLock { $0.append(event) } }
    // Idle for ten keep-alives, and nothing happens.
    pass(microseconds: 2_000_000)
    #expect(events.withLock { $0 } == [])
    proxy.stall(true)
    try eventually("the silence is noticed") {
      events.withLock { $0 }.contains {
        if case .interrupted(let why) = $0 { why.contains("said nothing") } else { false }
      }
    }
    proxy.stall(false)
    try eventually("it goes on") { events.withLock { $0 }.contains(.resumed) }
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try send(0..<10, &sender)
    #expect(try receive(0..<10, &receiver) == nil)
  }

  @Test("closing sends what was sent before, and waits for it, though the connection breaks")
  func closing() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let proxy = try CuttingProxy(to: port(of: server.address)) { 40_000 }
    defer { proxy.stop() }
    do {
      let connection = try Connection<Numbers>(
        "tcp://127.0.0.1:\(proxy.port)?linger=60s&connecttimeout=20s", registry: tcp)
      var sender = try connection.sender()
      try send(0..<500, &sender)
    }
    proxy.beKind()
    var receiver = try server.receiver()
    #expect(try receive(0..<500, &receiver) == nil)
    try eventually("it has left") {
      _ = try receiver.tryReceive()?.count
      return server.peers.isEmpty
    }
  }
}
