import Synchronization
import TestSupport
import Testing

@testable import PsyneCore
@testable import PsyneTCP

/// Expectations take no values that cannot be copied.
private final class Watched {
  private let streaming = Streaming()
  var isOn: Bool { streaming.isOn }
  func begin() { streaming.begin() }
  func lookLater(_ time: Int64) -> Int64? { streaming.lookLater(time) }
  func look(_ now: Int64, lastFlush: Int64 = 0, hasLeft: Bool = false) -> Int64? {
    streaming.look(now, lastFlush: lastFlush) { hasLeft }
  }
}

@Suite("A sender that streams")
struct StreamingTests {
  private let pause = Streaming.pause

  @Test("it does so until it has not flushed for a whole pause")
  func ending() throws {
    let streaming = Watched()
    #expect(!streaming.isOn && streaming.look(1) == nil)
    streaming.begin()
    #expect(streaming.lookLater(1000) == 1000 + pause)
    #expect(streaming.lookLater(2000) == nil, "there is one")
    #expect(streaming.look(1000 + pause, lastFlush: 1001) == 1001 + pause)
    #expect(streaming.isOn)
    #expect(streaming.look(1001 + pause, lastFlush: 1001) == nil)
    #expect(!streaming.isOn)
    #expect(streaming.lookLater(3000) == 3000 + pause, "it can begin anew")
  }

  @Test("whatever else is due ends no stream, and the look is not forgotten for it")
  func others() throws {
    let streaming = Watched()
    streaming.begin()
    let time = try #require(streaming.lookLater(0))
    for now in [1, 2, time - 1] { #expect(streaming.look(now) == time) }
    #expect(streaming.isOn)
    #expect(streaming.look(time) == nil)
  }

  @Test("what was left without a stream is looked at once, unless it is younger than the look")
  func left() throws {
    let streaming = Watched()
    let time = try #require(streaming.lookLater(0))
    #expect(streaming.look(time, lastFlush: 5, hasLeft: true) == 5 + pause)
    #expect(streaming.look(5 + pause, lastFlush: 5, hasLeft: true) == nil)
    #expect(streaming.look(6 + pause) == nil && !streaming.isOn)
    _ = streaming.lookLater(time)
    #expect(streaming.look(time + pause, lastFlush: time + 1) == nil, "it went with the next")
  }

  @Test(
    "what a stream has left arrives, though nothing follows it", arguments: [10, 60, 8192, 9000])
  func rest(words: Int) throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?keepalive=1h", registry: tcp)
    // No keep-alive helps out.
    let connection = try Connection<Numbers>(server.address + "?keepalive=1h", registry: tcp)
    let count = (32 << 20) / (words * 8)
    let receiving = BackgroundThread {
      var receiver = try server.receiver()
      for _ in 0..<count {
        guard try receiver.receive(timeout: watchdog)?.count == words else { return false }
      }
      return true
    }
    var sender = try connection.sender()
    // Not drained: that would send it.
    for _ in 0..<count { try sender.reserve(count: words).send() }
    #expect(try receiving.join())
  }

  @Test("who finds no room has nobody look for it in vain")
  func full() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let connection = try Connection<Numbers>(server.address, registry: tcp)
    let carrier = try #require(connection.handle.carrier as? TCPConnection)
    var sender = try connection.sender()
    // Twice: what was on its way may have made room.
    for _ in 0..<2 {
      while let loan = try sender.tryReserve(count: 100) { loan.send() }
      // One that looks says for a moment that it does not, if it is going to once more.
      try eventually("all is sent") {
        !carrier.streaming.isOn && carrier.unflushed == 0 && !carrier.streaming.isLooking
      }
    }
    var looks = 0
    for _ in 0..<1000 {
      let hasRoom = try sender.tryReserve(count: 100) != nil
      try #require(!hasRoom)
      if carrier.streaming.isLooking { looks += 1 }
    }
    #expect(looks == 0)
  }

  @Test("who sends each message at once is not taken to stream, however much it has sent")
  func immediate() throws {
    let counting = Counting()
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let connection = try Connection<Numbers>(
      server.address + "?flush=immediate",
      registry: TransportRegistry([TCPTransport().over(counting, scheme: "tcp")]))
    var sender = try connection.sender()
    var receiver = try server.receiver()
    // So few at a time that the system always has room.
    for first in stride(from: 0, to: 3000, by: 30) {
      try send(first..<first + 30, &sender)
      #expect(try receive(first..<first + 30, &receiver) == nil)
    }
    // Now and then the engine is at it, and sends what two of them have left to it.
    #expect(counting.count.load(ordering: .relaxed) > 2800)
  }
}

/// Counts how often something of a lane is sent.
private final class Counting: StreamMaker {
  let count = Atomic<Int>(0)
  var optionNames: [String] { [] }

  func merging(_ address: ChannelAddress, host: String, listens: Bool) -> Self { self }
  func stream(over socket: Socket) -> any ByteStream { Counted(socket, by: self) }

  private final class Counted: PassingStream {
    private let maker: Counting

    init(_ socket: Socket, by maker: Counting) {
      self.maker = maker
      super.init(socket)
    }

    override func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
      if body.count > 0 { maker.count.add(1, ordering: .relaxed) }
      return unsafe super.send(head, body)
    }
  }
}
