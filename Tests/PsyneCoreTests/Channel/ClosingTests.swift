import PsyneCore
import Testing

/// How an end is left, and what the other one is told.
@Suite("Closing")
struct ClosingTests {
  private static func send(_ numbers: Range<UInt64>, to channel: SPSCChannel<Bytes24>) throws {
    var sender = try channel.sender()
    for number in numbers { try sender.send(Bytes24(number: number), timeout: .zero) }
  }

  private static func expect(
    _ numbers: Range<UInt64>, from receiver: inout Receiver<Bytes24>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for number in numbers {
      let value = try receiver.receive(timeout: .zero)?.value
      #expect(value == Bytes24(number: number), sourceLocation: sourceLocation)
    }
  }

  private static func expectEnd(
    _ receiver: inout Receiver<Bytes24>, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let isEnd = try receiver.receive(timeout: .zero) == nil
    #expect(isEnd, sourceLocation: sourceLocation)
  }

  @Test("nil comes when the sender has closed and everything was received, as often as asked")
  func drained() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var receiver = try channel.receiver()
    try Self.send(0..<10, to: channel)
    try Self.expect(0..<10, from: &receiver)
    for _ in 0..<3 {
      try Self.expectEnd(&receiver)
      let error = channelError { _ = try receiver.tryReceive() }
      #expect(error == .closed)
      let isEnd = try receiver.receive() == nil
      #expect(isEnd)
    }
  }

  @Test("before any sender has come there is nothing, not the end")
  func noSenderYet() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var receiver = try channel.receiver()
    let isNothing = try receiver.tryReceive() == nil
    #expect(isNothing)
    let error = channelError { _ = try receiver.receive(timeout: .milliseconds(1)) }
    #expect(error == .timedOut)
  }

  @Test("the end of one sender stands between its messages and the next one's, once")
  func boundary() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var receiver = try channel.receiver()
    // Read before the second one comes, read after it has come, and read after it has sent.
    try Self.send(0..<5, to: channel)
    try Self.expect(0..<5, from: &receiver)
    try Self.expectEnd(&receiver)
    var second = try channel.sender()
    let isNothing = try receiver.tryReceive() == nil
    #expect(isNothing)
    try second.send(Bytes24(number: 5))
    try Self.expect(5..<6, from: &receiver)
    second.close()

    var third = try channel.sender()
    try third.send(Bytes24(number: 6))
    try Self.expectEnd(&receiver)
    try Self.expect(6..<7, from: &receiver)
    for number in 7..<10 as Range<UInt64> { try third.send(Bytes24(number: number)) }
    third.close()
    var fourth = try channel.sender()
    for number in 10..<20 as Range<UInt64> { try fourth.send(Bytes24(number: number)) }
    try Self.expect(7..<10, from: &receiver)
    try Self.expectEnd(&receiver)
    try Self.expect(10..<20, from: &receiver)
    let isDry = try receiver.tryReceive() == nil
    #expect(isDry)
    fourth.close()
    try Self.expectEnd(&receiver)
    try Self.expectEnd(&receiver)
  }

  @Test("senders that come and go unseen lose nothing, and their end is told")
  func manyUnseen() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var receiver = try channel.receiver()
    for first in stride(from: 0, to: 100, by: 10) as StrideTo<UInt64> {
      try Self.send(first..<first + 10, to: channel)
    }
    try Self.expect(0..<100, from: &receiver)
    try Self.expectEnd(&receiver)
    try Self.send(100..<101, to: channel)
    try Self.expect(100..<101, from: &receiver)
    try Self.expectEnd(&receiver)
  }

  @Test("senders that follow each other as fast as they can never confuse the receiver")
  func relay() throws {
    let channel = try makeChannel(of: Bytes24.self)
    let senders = UInt64(Volume.messages(usual: 300_000, whole: 3_000_000))
    try watched {
      try beside {
        for number in 0..<senders {
          var sender = try channel.sender()
          try sender.send(Bytes24(number: number))
        }
      } _: {
        var receiver = try channel.receiver()
        var received: UInt64 = 0
        var ends = 0
        while received < senders {
          // Polled: a receiver that waits finds each of them at the end of its sleep.
          do {
            guard let message = try receiver.tryReceive() else { continue }
            guard message.value == Bytes24(number: received) else {
              throw Wrong(message: Int(received))
            }
            received += 1
          } catch ChannelError.closed {
            ends += 1
          }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
        print("relay: \(senders) senders, \(ends + 1) ends told")
      }
    }
  }

  @Test("receivers that follow each other go on where the last one stopped")
  func successiveReceivers() throws {
    let channel = try makeChannel(of: Bytes24.self)
    try Self.send(0..<100, to: channel)
    var next: UInt64 = 0
    for count in [1, 0, 5, 14, 30] as [UInt64] {
      var receiver = try channel.receiver()
      try Self.expect(next..<next + count, from: &receiver)
      next += count
    }
    do {
      // One that was told the end says so again; the next one hears it no more.
      var receiver = try channel.receiver()
      try Self.expect(next..<100, from: &receiver)
      try Self.expectEnd(&receiver)
    }
    var receiver = try channel.receiver()
    let error = channelError { _ = try receiver.receive(timeout: .zero) }
    #expect(error == .timedOut)
    try Self.send(100..<101, to: channel)
    try Self.expect(100..<101, from: &receiver)
    try Self.expectEnd(&receiver)
  }

  @Test("a receiver that leaves before the end leaves the end to the next one")
  func endLeftToTheNext() throws {
    let channel = try makeChannel(of: Bytes24.self)
    try Self.send(0..<3, to: channel)
    do {
      var receiver = try channel.receiver()
      try Self.expect(0..<3, from: &receiver)
    }
    var receiver = try channel.receiver()
    try Self.expectEnd(&receiver)
  }

  @Test("a receiver that leaves gives back the room of what it has read")
  func roomOfTheLeaver() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    var number: UInt64 = 0
    while let loan = try sender.tryReserve() {
      var loan = loan
      loan.value = Bytes24(number: number)
      loan.send()
      number += 1
    }
    do {
      var receiver = try channel.receiver()
      try Self.expect(0..<7, from: &receiver)
    }
    for _ in 0..<7 {
      try sender.send(Bytes24(number: number), timeout: .zero)
      number += 1
    }
    var receiver = try channel.receiver()
    try Self.expect(7..<number, from: &receiver)
  }

  @Test("a sender is told that the receiver left when the lane is full, and not before")
  func receiverLeft() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    try channel.receiver().close()
    var sent = 0
    let error = channelError {
      while true {
        try sender.send(Bytes24(number: 0))
        sent += 1
      }
    }
    #expect(error == .closed)
    #expect(sent == 4096 / 24)
    let poll = channelError { _ = try sender.tryReserve() }
    #expect(poll == .closed)
    // The next receiver makes room.
    var receiver = try channel.receiver()
    let isFull = try sender.tryReserve() == nil
    #expect(isFull)
    _ = try receiver.receive()
    receiver.release()
    try sender.send(Bytes24(number: 1), timeout: .zero)
  }

  @Test("to a sender that comes after a receiver has left, that is no news")
  func receiverLeftBefore() throws {
    let channel = try makeChannel(of: Bytes24.self)
    try channel.receiver().close()
    var sender = try channel.sender()
    while let loan = try sender.tryReserve() { loan.send() }
    let error = channelError { try sender.send(Bytes24(number: 0), timeout: .zero) }
    #expect(error == .timedOut)
  }

  @Test("a waiting sender is woken by the receiver's leaving, a waiting receiver by the sender's")
  func wokenByClosing() throws {
    try watched {
      for _ in 0..<200 {
        let channel = try makeChannel(of: Bytes24.self)
        let isUp = Flag()
        try beside {
          var sender = try channel.sender()
          while let loan = try sender.tryReserve() { loan.send() }
          isUp.set()
          let error = channelError { try sender.send(Bytes24(number: 0)) }
          #expect(error == .closed)
        } _: {
          let receiver = try channel.receiver()
          isUp.await()
          pauseBriefly()
          receiver.close()
        }
        let wasUp = Flag()
        let empty = try makeChannel(of: Bytes24.self)
        try beside {
          var receiver = try empty.receiver()
          wasUp.set()
          let isEnd = try receiver.receive() == nil
          #expect(isEnd)
        } _: {
          let sender = try empty.sender()
          wasUp.await()
          pauseBriefly()
          sender.close()
        }
      }
    }
  }

  @Test("draining waits until everything was read")
  func drain() throws {
    try watched {
      let channel = try makeChannel(of: Bytes24.self)
      try beside {
        var sender = try channel.sender()
        for number in 0..<1000 as Range<UInt64> { try sender.send(Bytes24(number: number)) }
        try sender.drain()
        // Everything was read, and it goes on.
        for number in 1000..<1000 + 4096 / 24 as Range<UInt64> {
          try sender.send(Bytes24(number: number), timeout: .zero)
        }
      } _: {
        var receiver = try channel.receiver()
        for number in 0..<1000 + 4096 / 24 as Range<UInt64> {
          let value = try receiver.receive()?.value
          guard value == Bytes24(number: number) else { throw Wrong(message: Int(number)) }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }

  @Test("draining says when time is up, and what was not read is still received")
  func drainTimeout() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    for number in 0..<3 as Range<UInt64> {
      var loan = try sender.reserve()
      loan.value = Bytes24(number: number)
      loan.stage()
    }
    let error = channelError { try sender.drain(timeout: .milliseconds(1)) }
    #expect(error == .timedOut)
    try Self.expect(0..<3, from: &receiver)
    sender.close()
    try Self.expectEnd(&receiver)
  }

  @Test("draining says when the receiver leaves before it has read everything")
  func drainAfterLeaving() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    try sender.send(Bytes24(number: 0))
    try channel.receiver().close()
    let error = channelError { try sender.drain() }
    #expect(error == .closed)
  }

  @Test("draining an empty channel returns at once, whether or not there is a receiver")
  func drainEmpty() throws {
    let channel = try makeChannel(of: Bytes3.self)
    var sender = try channel.sender()
    try sender.drain(timeout: .zero)
    try sender.send(Bytes3(number: 1))
    var receiver = try channel.receiver()
    let value = try receiver.receive(timeout: .zero)?.value
    #expect(value == Bytes3(number: 1))
    receiver.release()
    try sender.drain(timeout: .zero)
    receiver.close()
    try sender.drain(timeout: .zero)
  }

  @Test("an end can be claimed once, and again when it was left")
  func secondClaim() throws {
    let channel = try makeChannel(of: Bytes24.self)
    do {
      let sender = try channel.sender()
      let error = try #require(failure { _ = try channel.sender() })
      #expect(error.code == .inUse)
      #expect(error.message.contains("the sender of the channel is in use by this process"))
      sender.close()
    }
    do {
      let receiver = try channel.receiver()
      let error = try #require(failure { _ = try channel.receiver() })
      #expect(error.code == .inUse)
      #expect(error.message.contains("the receiver of the channel is in use by this process"))
      receiver.close()
    }
    _ = try channel.sender()
    _ = try channel.receiver()
  }

  @Test("many threads race for an end, and one has it at a time")
  func claimRace() throws {
    let channel = try makeChannel(of: Bytes24.self)
    try watched {
      let held = Counter()
      let claims = Counter()
      let threads = (0..<4).map { _ in
        TestThread {
          for _ in 0..<2000 {
            guard let sender = try? channel.sender() else { continue }
            #expect(held.add(1) == 1)
            claims.add(1)
            held.add(-1)
            sender.close()
          }
        }
      }
      for thread in threads { try thread.join() }
      #expect(claims.value > 0)
    }
  }

  @Test("a channel that was abandoned is claimed no more, and its name is free")
  func claimedAfterAbandoning() throws {
    let registry = makeRegistry()
    let channel: SPSCChannel<Bytes24> = try registry.open("memory://name")
    let sender = try channel.sender()
    channel.abandon()
    #expect(failure { try channel.sender().close() }?.code == .inUse)
    let next: SPSCChannel<Bytes24> = try registry.open("memory://name")
    var receiver = try next.receiver()
    try next.sender().close()
    let end = try receiver.receive() == nil
    #expect(end)
    sender.close()
  }

  @Test("a channel that is abandoned looks like one whose process died")
  func abandoned() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try sender.send(Bytes24(number: 0))
    channel.abandon()
    try Self.expect(0..<1, from: &receiver)
    for _ in 0..<2 {
      let error = channelError { _ = try receiver.receive() }
      #expect(error == .peerDied)
      let poll = channelError { _ = try receiver.tryReceive() }
      #expect(poll == .peerDied)
    }
    let error = channelError { while true { try sender.send(Bytes24(number: 1)) } }
    #expect(error == .peerDied)
  }
}
