import Psyne
import Synchronization
import TestSupport
import Testing

/// One server and many clients, over every transport that connects.
@Suite("Servers")
struct ServerTests {
  typealias Body = Vector<UInt32>

  @Test(
    "what many send is merged, each one's in order, and each gets its own answers",
    arguments: Scheme.allCases)
  func requests(_ scheme: Scheme) throws {
    let (clients, count) = (8, isVerifying ? 100_000 : 2_000)
    let server = try Server<Body>(scheme.address("capacity=64KiB"))
    let serving = BackgroundThread {
      var receiver = try server.receiver()
      var replies = server.sender()
      for _ in 0..<clients * count {
        guard let message = try receiver.receive() else { return false }
        let number = number(of: message)
        guard number >= 0 else { return false }
        // The answer to n is n + 1.
        try replies.to(message.peer) { try sendNumbers(number + 1..<number + 2, &$0) }
      }
      return true
    }
    let asking = (0..<clients).map { client in
      BackgroundThread {
        let connection = try Connection<Body>(server.address + "?capacity=64KiB")
        var sender = try connection.sender()
        var receiver = try connection.receiver()
        // Some at a time, so that several of each are under way.
        for start in stride(from: 0, to: count, by: 20) {
          let first = client * count + start
          try sendNumbers(first..<first + 20, &sender)
          if let wrong = try receiveNumbers(first + 1..<first + 21, &receiver) { return wrong }
        }
        return -1
      }
    }
    for thread in asking { #expect(try thread.join() == -1) }
    #expect(try serving.join())
  }

  @Test(
    "a broadcast reaches everybody, and work goes to whoever is free",
    arguments: Scheme.allCases)
  func distribution(_ scheme: Scheme) throws {
    let clients = 4
    let server = try Server<Body>(scheme.address("capacity=16KiB"))
    let received = Mutex<[[Int]]>(Array(repeating: [], count: clients))
    let connected = Atomic<Int>(0)
    let readers = (0..<clients).map { client in
      BackgroundThread {
        let connection = try Connection<Body>(server.address + "?capacity=16KiB")
        var receiver = try connection.receiver()
        connected.add(1, ordering: .relaxed)
        while let message = try receiver.receive() {
          let number = number(of: message)
          received.withLock { $0[client].append(number) }
        }
        return true
      }
    }
    try eventually("all are connected") {
      connected.load(ordering: .relaxed) == clients && server.peers.count == clients
    }
    var sender = server.sender()
    for number in 0..<100 {
      #expect(try sender.toAll { try sendNumbers(number..<number + 1, &$0) } == clients)
    }
    for number in 1000..<3000 {
      try sender.toWhoeverIsFree { try sendNumbers(number..<number + 1, &$0) }
    }
    try eventually("all is read") {
      received.withLock { $0.reduce(0) { $0 + $1.count } } == clients * 100 + 2000
    }
    let all = received.withLock { $0 }
    for one in all { #expect(Array(one.prefix(100)) == Array(0..<100)) }
    #expect(all.flatMap { $0.dropFirst(100) }.sorted() == Array(1000..<3000))
    server.close()
    for reader in readers { #expect(try reader.join()) }
  }

  @Test("one that does not read stops itself alone", arguments: Scheme.allCases)
  func stalled(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address("capacity=16KiB"))
    let idle = try Connection<Body>(server.address + "?capacity=16KiB")
    let busy = try Connection<Body>(server.address + "?capacity=16KiB")
    try eventually("both are there") { server.peers.count == 2 }
    let ids = server.peers.map(\.id)
    var sender = server.sender(whenFull: .dropNewest)
    let reading = BackgroundThread {
      var receiver = try busy.receiver()
      return try receiveNumbers(0..<2000, &receiver)
    }
    for number in 0..<2000 {
      // The first does not read: what does not fit is dropped. The second gets everything.
      try sender.to(ids[0]) { _ = try $0.offer(count: 1)?.send() }
      try sender.to(ids[1]) { try sendNumbers(number..<number + 1, &$0) }
    }
    #expect(try reading.join() == nil)
    #expect(idle.state == .connected)
  }

  @Test("what becomes of each connection is told", arguments: Scheme.allCases)
  func events(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let told = Mutex<[ConnectionEvent]>([])
    server.onEvent { _, event in told.withLock { $0.append(event) } }
    var receiver = try server.receiver()
    do {
      let connection = try Connection<Body>(server.address)
      #expect(connection.state == .connected)
      try eventually("it is told") { told.withLock { $0 } == [.connected] }
    }
    try eventually("its end is told") {
      _ = try receiver.tryReceive()?.count
      return told.withLock { $0 } == [.connected, .closed]
    }
  }
}
