import Psyne
import Synchronization
import TestSupport
import Testing

@testable import PsyneCore

/// What is left when one side has gone, over every transport that connects.
@Suite("Endings")
struct EndingTests {
  typealias Body = Vector<UInt32>

  @Test(
    "nothing can be sent to one that has gone, and nobody waits for it", arguments: Scheme.allCases)
  func gone(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    var receiver = try server.receiver()
    var sender = server.sender()
    var leaving: Connection<Body>? = try Connection<Body>(server.address)
    let staying = try Connection<Body>(server.address)
    do {
      var hello = try leaving!.sender()
      try sendNumbers(0..<1, &hello)
    }
    let peer = try #require(try receiver.receive(timeout: watchdog)?.peer)
    try sender.to(peer) { try sendNumbers(0..<1, &$0) }
    let ended = Mutex(false)
    server.onEvent { _, event in if event == .closed { ended.withLock { $0 = true } } }
    leaving = nil
    try eventually("its end is told") { ended.withLock(\.self) }
    // It had been sent to before, or not: both are told.
    var other = server.sender()
    #expect(throws: ChannelError.closed) { try sender.to(peer) { try sendNumbers(0..<1, &$0) } }
    #expect(throws: ChannelError.closed) { try other.to(peer) { try sendNumbers(0..<1, &$0) } }
    #expect(try sender.toAll { try sendNumbers(0..<1, &$0) } == 1)
    // Who is held by another sender is passed over.
    #expect(try other.toAll { try sendNumbers(0..<1, &$0) } == 0)
    #expect(staying.state == .connected)
  }

  @Test(
    "a connection that has ended gives no sender, and what came is still received",
    arguments: Scheme.allCases)
  func late(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    try eventually("it is there") { server.peers.count == 1 }
    do {
      var sender = server.sender()
      #expect(try sender.toAll { try sendNumbers(0..<3, &$0) } == 1)
    }
    try eventually("all has come") { connection.statistics.inbound.bytes > 0 }
    server.close()
    try eventually("it has ended") { connection.state == .closed }
    let error = #expect(throws: TransportError.self) { _ = try connection.sender() }
    #expect(error?.code == .closed)
    let told = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in told.withLock { $0.append(event) } }
    // Who comes between the state and the word of it hears it a moment later.
    try eventually("it is told") { told.withLock(\.self) == [.closed] }
    var receiver = try connection.receiver()
    #expect(try receiveNumbers(0..<3, &receiver) == nil)
    #expect(try receiver.receive(timeout: watchdog)?.count == nil)
  }

  @Test("a receiver goes on where the one before has stopped", arguments: Scheme.allCases)
  func receivers(_ scheme: Scheme) throws {
    let (clients, count) = (3, 500)
    let server = try Server<Body>(scheme.address())
    let connections = try (0..<clients).map { _ in try Connection<Body>(server.address) }
    let sending = (0..<clients).map { client in
      BackgroundThread {
        var sender = try connections[client].sender()
        try sendNumbers(client * count..<(client + 1) * count, &sender)
        try sender.drain()
        return true
      }
    }
    var next = (0..<clients).map { $0 * count }
    var received = 0
    while received < clients * count {
      var receiver = try server.receiver()
      // In the middle of a run of one of them, more often than not.
      for _ in 0..<min(7, clients * count - received) {
        guard let message = try receiver.receive(timeout: watchdog) else { return }
        let number = number(of: message)
        let client = number / count
        try #require(number >= 0 && client < clients && next[client] == number)
        next[client] += 1
        received += 1
      }
    }
    for thread in sending { #expect(try thread.join()) }
    var receiver = try server.receiver()
    #expect(try receiver.tryReceive()?.count == nil)
  }

  @Test("who waits for room hears of what a receiver had read that is dropped")
  func room() throws {
    let server = try Server<Body>(Scheme.memory.address("capacity=4KiB"))
    let connection = try Connection<Body>("\(server.address)?capacity=4KiB")
    let sending = BackgroundThread {
      var sender = try connection.sender()
      // Of 248 bytes each: the seventeenth waits.
      for _ in 0..<17 { try sender.reserve(count: 60).send() }
      return true
    }
    let parked = unsafe connection.handle.carrier.outbound.lanes[0].word(LaneLayout.senderParked)
    try eventually("the sender sleeps") { unsafe parked.pointee.load(ordering: .relaxed) == 1 }
    do {
      // Too little for the sender to be told at once.
      var receiver = try server.receiver()
      #expect(try receiver.receive(timeout: watchdog)?.count == 60)
    }
    #expect(try sending.join())
  }

  @Test("a server that nobody receives from forgets those that leave", arguments: Scheme.allCases)
  func forgetting(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    for _ in 0..<5 {
      let connection = try Connection<Body>(server.address)
      try eventually("it is there") { server.peers.count == 1 }
      #expect(connection.state == .connected)
      connection.abandon()
      try eventually("it is forgotten") { server.peers.isEmpty }
    }
  }

  @Test("a server that leaves for good is waited for by nobody", arguments: Scheme.allCases)
  func leaving(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    let events = Mutex<[ConnectionEvent]>([])
    connection.onEvent { event in events.withLock { $0.append(event) } }
    var receiver = try connection.receiver()
    server.leave(within: watchdog)
    #expect(throws: ChannelError.peerDied) { _ = try receiver.receive(timeout: watchdog)?.count }
    // It is told a moment later.
    try eventually("it is told") { !events.withLock(\.isEmpty) }
    #expect(events.withLock(\.count) == 1, "it was never interrupted")
    #expect(connection.state == .failed)
  }

  @Test("what cannot be a message ends its connection, and no other", arguments: [Scheme.ipc])
  func malformed(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    var receiver = try server.receiver()
    let bad = try Connection<Body>(server.address)
    let good = try Connection<Body>(server.address)
    var lies = try bad.sender()
    var truths = try good.sender()
    try sendNumbers(1..<2, &lies)
    let lane = bad.handle.carrier.outbound.lanes[0]
    unsafe lane.bytes(at: 0).assumingMemoryBound(to: UInt32.self).pointee = 7
    try sendNumbers(0..<100, &truths)
    #expect(try receiveNumbers(0..<100, &receiver) == nil)
    try eventually("it has failed") { bad.state == .failed }
    try eventually("it is forgotten") {
      _ = try receiver.tryReceive()?.count
      return server.peers.count == 1
    }
  }
}
