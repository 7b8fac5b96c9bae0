import PsyneCore
import Testing

/// Polling, waiting with and without a deadline, and being woken.
@Suite("Waiting")
struct WaitingTests {
  @Test("a timeout of zero or less polls")
  func zero() throws {
    let channel = try makeChannel(of: Bytes3.self)
    var receiver = try channel.receiver()
    for timeout in [Duration.zero, .nanoseconds(-1), .seconds(-5), .seconds(Int64.min)] {
      let error = channelError { _ = try receiver.receive(timeout: timeout) }
      #expect(error == .timedOut)
    }
    var sender = try channel.sender()
    try sender.send(Bytes3(number: 9))
    let value = try receiver.receive(timeout: .zero)?.value
    #expect(value == Bytes3(number: 9))
  }

  @Test(
    "a deadline ends the wait when it has passed, not before",
    arguments: [
      Duration.nanoseconds(1), .microseconds(10), .microseconds(60), .milliseconds(3),
      .milliseconds(120),
    ])
  func finite(timeout: Duration) throws {
    let clock = ContinuousClock()
    let channel = try makeChannel(of: Bytes3.self)
    var receiver = try channel.receiver()
    let empty = clock.measure {
      let error = channelError { _ = try receiver.receive(timeout: timeout) }
      #expect(error == .timedOut)
    }
    #expect(empty >= timeout)
    var sender = try channel.sender()
    while let loan = try sender.tryReserve() { loan.send() }
    let full = clock.measure {
      let error = channelError { _ = try sender.reserve(timeout: timeout) }
      #expect(error == .timedOut)
    }
    #expect(full >= timeout)
  }

  @Test(
    "a wait without a deadline, or with one beyond all times, ends with what was awaited",
    arguments: [nil, Duration.seconds(Int64.max), .seconds(6_000_000_000), .seconds(3600)])
  func unlimited(timeout: Duration?) throws {
    try watched {
      let channel = try makeChannel(of: Bytes3.self)
      let isUp = Flag()
      try beside {
        var receiver = try channel.receiver()
        isUp.set()
        let value = try receiver.receive(timeout: timeout)?.value
        #expect(value == Bytes3(number: 5))
      } _: {
        var sender = try channel.sender()
        isUp.await()
        pauseBriefly()
        try sender.send(Bytes3(number: 5))
      }
    }
  }

  @Test("whoever waits costs no processor time")
  func idle() throws {
    let channel = try makeChannel(of: Bytes3.self)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    let before = threadProcessorTime()
    let error = channelError { _ = try receiver.receive(timeout: .milliseconds(400)) }
    while let loan = try sender.tryReserve() { loan.send() }
    let full = channelError { _ = try sender.reserve(timeout: .milliseconds(400)) }
    let cost = threadProcessorTime() - before
    #expect(error == .timedOut && full == .timedOut)
    #expect(cost < .milliseconds(40))
  }

  @Test("no wake-up is lost, whatever stage of its waiting the peer is in")
  func handOffs() throws {
    let rounds = UInt64(Volume.messages(usual: 40_000, whole: 2_000_000))
    try watched {
      let there = try makeChannel(of: Bytes24.self)
      let back = try makeChannel(of: Bytes24.self)
      try beside {
        var receiver = try there.receiver()
        var sender = try back.sender()
        while let message = try receiver.receive() {
          let value = message.value
          dally(Int(value.a % 97))
          try sender.send(value)
        }
      } _: {
        var sender = try there.sender()
        var receiver = try back.receiver()
        for number in 0..<rounds {
          try sender.send(Bytes24(number: number))
          dally(Int(number % 89))
          let value = try receiver.receive()?.value
          guard value == Bytes24(number: number) else { throw Wrong(message: Int(number)) }
        }
      }
    }
  }

  @Test("a sender that waits for room is woken by each way of giving it back")
  func roomHandOffs() throws {
    let messages = Volume.messages(usual: 20_000, whole: 1_000_000)
    try watched {
      let channel = try makeChannel(of: Bytes.self)
      try beside {
        var sender = try channel.sender()
        for number in 0..<messages {
          var loan = try sender.reserve(count: 1000)
          Pattern.fill(&loan, number)
          loan.send()
        }
      } _: {
        var receiver = try channel.receiver()
        for number in 0..<messages {
          do {
            guard let message = try receiver.receive() else { throw Wrong(message: number) }
            guard Pattern.matches(message, number) else { throw Wrong(message: number) }
          }
          if number % 3 == 0 { receiver.release() }
          dally(number % 83)
        }
      }
    }
  }
}
