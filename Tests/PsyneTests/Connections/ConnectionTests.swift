import Glibc
import Psyne
import TestSupport
import Testing

/// One client and one server, over every transport that connects.
@Suite("Connections")
struct ConnectionTests {
  typealias Body = Vector<UInt32>
  private static let count = isVerifying ? 2_000_000 : 60_000

  @Test(
    "messages of all lengths come whole, in order and once, both ways",
    arguments: Scheme.allCases)
  func bothWays(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address("capacity=64KiB"))
    let echo = BackgroundThread {
      var receiver = try server.receiver()
      var replies = server.sender()
      for expected in 0..<Self.count {
        guard let message = try receiver.receive() else { return expected }
        let (peer, number) = (message.peer, number(of: message))
        guard number == expected else { return expected }
        try replies.to(peer) { sender in try sendNumbers(number..<number + 1, &sender) }
      }
      return -1
    }
    let connection = try Connection<Body>(server.address + "?capacity=64KiB")
    let back = BackgroundThread {
      var receiver = try connection.receiver()
      return try receiveNumbers(0..<Self.count, &receiver)
    }
    var sender = try connection.sender()
    try sendNumbers(0..<Self.count, &sender)
    #expect(try back.join() == nil)
    #expect(try echo.join() == -1)
    sender.close()
  }

  @Test("empty and longest messages pass, longer ones are refused", arguments: Scheme.allCases)
  func limits(_ scheme: Scheme) throws {
    let server = try Server<Bytes>(scheme.address("capacity=16KiB"))
    let connection = try Connection<Bytes>(server.address + "?capacity=16KiB")
    #expect(connection.largestMessage == 16 << 10 - 8)
    var sender = try connection.sender()
    let lengths = [0, 1, connection.largestMessage, 0, connection.largestMessage - 1]
    let received = BackgroundThread {
      var receiver = try server.receiver()
      var found: [Int] = []
      while found.count < 5, let message = try receiver.receive() {
        let isRight = message.elements.indices.allSatisfy {
          message[$0] == UInt8(truncatingIfNeeded: $0)
        }
        found.append(isRight ? message.count : -1)
      }
      return found
    }
    for length in lengths {
      var loan = try sender.reserve(count: length)
      for index in 0..<length { loan[index] = UInt8(truncatingIfNeeded: index) }
      loan.send()
    }
    #expect(try received.join() == lengths)
    #expect(throws: ChannelError.self) {
      _ = try sender.tryReserve(count: connection.largestMessage + 1)?.count
    }
  }

  struct Pose: FixedSizeMessage {
    static let messageType: MessageType = 1001
    var x, y, heading: Double
  }

  @Test(
    "structs, matrices, texts and mixed messages arrive as what they are",
    arguments: Scheme.allCases)
  func bodies(_ scheme: Scheme) throws {
    let poses = try pair(Pose.self, scheme)
    var poseSender = try poses.connection.sender()
    var poseReceiver = try poses.server.receiver()
    for index in 0..<1000 { try poseSender.send(Pose(x: Double(index), y: 2, heading: 3)) }
    for index in 0..<1000 {
      let x = try poseReceiver.receive()?.value.x
      #expect(x == Double(index))
    }
    let matrices = try pair(DoubleMatrix.self, scheme)
    var matrixSender = try matrices.connection.sender()
    var matrixReceiver = try matrices.server.receiver()
    var matrix = try matrixSender.reserve(rows: 3, columns: 5)
    for row in 0..<3 { for column in 0..<5 { matrix[row, column] = Double(10 * row + column) } }
    matrix.send()
    if let found = try matrixReceiver.receive() {
      #expect(found.rows == 3 && found.columns == 5 && found[2, 4] == 24)
    }
    let texts = try pair(Mixed.self, scheme)
    var textSender = try texts.connection.sender()
    var textReceiver = try texts.server.receiver()
    try textSender.send("grüße")
    try textSender.send(Pose(x: 1, y: 2, heading: 3))
    let text = try textReceiver.receive(Text.self)?.string
    let pose = try textReceiver.receive(Pose.self)?.value.heading
    #expect(text == "grüße" && pose == 3)
  }

  private func pair<Body: MessageBody>(
    _ body: Body.Type, _ scheme: Scheme
  ) throws -> (server: Server<Body>, connection: Connection<Body>) {
    let server = try Server<Body>(scheme.address())
    return (server, try Connection<Body>(server.address))
  }

  @Test("a client that leaves is the end of its stream alone", arguments: Scheme.allCases)
  func clientLeaves(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    var receiver = try server.receiver()
    for round in 0..<3 {
      do {
        let connection = try Connection<Body>(server.address)
        var sender = try connection.sender()
        try sendNumbers(round..<round + 10, &sender)
      }
      #expect(try receiveNumbers(round..<round + 10, &receiver) == nil)
    }
    try eventually("all are gone") {
      _ = try receiver.tryReceive()?.count
      return server.peers.isEmpty
    }
    #expect(throws: ChannelError.timedOut) { _ = try receiver.receive(timeout: .zero)?.count }
  }

  @Test(
    "a server that closes has its clients told, and gets what has come",
    arguments: Scheme.allCases)
  func serverCloses(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try sendNumbers(0..<10, &sender)
    #expect(try receiveNumbers(0..<10, &receiver) == nil)
    server.close()
    let waiting = BackgroundThread {
      var back = try connection.receiver()
      return try back.receive()?.count
    }
    #expect(try waiting.join("the client is told") == nil)
    try eventually("the server's receiver ends") {
      do throws(ChannelError) {
        return try receiver.tryReceive()?.count != nil
      } catch {
        return error == .closed
      }
    }
    try eventually("the connection is closed") { connection.state == .closed }
  }

  @Test("an address is free again when its server has closed", arguments: Scheme.allCases)
  func reuse(_ scheme: Scheme) throws {
    var address = scheme.address()
    for _ in 0..<5 {
      let server = try Server<Body>(address)
      address = server.address
      let error = #expect(throws: TransportError.self) { _ = try Server<Body>(address) }
      #expect(error?.code == .inUse)
      let connection = try Connection<Body>(address)
      var sender = try connection.sender()
      var receiver = try server.receiver()
      try sendNumbers(0..<3, &sender)
      #expect(try receiveNumbers(0..<3, &receiver) == nil)
      server.close()
    }
  }

  @Test("nobody there, or one with other messages: said by name", arguments: Scheme.allCases)
  func refusals(_ scheme: Scheme) throws {
    let nobody = scheme.isLocal ? scheme.address() : "\(scheme.rawValue)://127.0.0.1:1"
    let absent = #expect(throws: TransportError.self) {
      _ = try Connection<Body>(nobody + "?connecttimeout=50ms")
    }
    #expect(absent?.code == .notFound)
    let server = try Server<Body>(scheme.address())
    let other = #expect(throws: TransportError.self) { _ = try Connection<Text>(server.address) }
    #expect(other?.code == .mismatch)
    #expect(other?.message.contains("Text") == true || other?.message.contains("type 11") == true)
    // And it serves others.
    let connection = try Connection<Body>(server.address)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try sendNumbers(0..<3, &sender)
    #expect(try receiveNumbers(0..<3, &receiver) == nil)
  }

  @Test("who waits is woken; a deadline ends the wait", arguments: Scheme.allCases)
  func waiting(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    var back = try connection.receiver()
    #expect(throws: ChannelError.timedOut) {
      _ = try back.receive(timeout: .milliseconds(5))?.count
    }
    let waiting = BackgroundThread {
      var receiver = try server.receiver()
      return try receiveNumbers(0..<200, &receiver)
    }
    var sender = try connection.sender()
    for number in 0..<200 {
      try sendNumbers(number..<number + 1, &sender)
      if number % 10 == 0 { pass(microseconds: 200) }
    }
    #expect(try waiting.join() == nil)
  }

  @Test("tasks wait, and are cancelled, on both sides", arguments: Scheme.allCases)
  func tasks(_ scheme: Scheme) async throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    let served = Task {
      var receiver = try server.receiver()
      var replies = server.sender()
      for expected in 0..<100 {
        guard let message = try await receiver.next() else { return expected }
        let (peer, number) = (message.peer, number(of: message))
        try replies.to(peer) { sender in try sendNumbers(number..<number + 1, &sender) }
      }
      return -1
    }
    var sender = try connection.sender()
    var back = try connection.receiver()
    for number in 0..<100 {
      try sendNumbers(number..<number + 1, &sender)
      let count = try await back.next()?.count
      #expect(count == length(number) + 1)
    }
    #expect(try await served.value == -1)
    let cancelled = Task {
      var receiver = try server.receiver()
      return try await receiver.next()?.count
    }
    cancelled.cancel()
    await #expect(throws: ChannelError.cancelled) { _ = try await cancelled.value }
  }

  @Test("a sender drains: all is read, or it is told that it is not", arguments: Scheme.allCases)
  func drain(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try sendNumbers(0..<20, &sender)
    #expect(throws: ChannelError.timedOut) { try sender.drain(timeout: .milliseconds(20)) }
    #expect(try receiveNumbers(0..<20, &receiver) == nil)
    receiver.release()
    try sender.drain(timeout: watchdog)
  }
}
