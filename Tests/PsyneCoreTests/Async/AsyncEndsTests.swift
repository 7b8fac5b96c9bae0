import Testing
import Traffic

@testable import PsyneCore

extension ReactorTests {
  /// What a task waits for besides messages and room for one.
  @Suite("ends of channels") struct Ends {
    @Test("a task waits for a receiver to come", arguments: TrafficShape.several)
    func receiverComes(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let sending = try channel.heldSender()
      let task = Task {
        var sender = sending.take()
        try await sender.awaitReceiver(timeout: .seconds(60))
      }
      try await Reactor.shared.hasSome()
      let receiver = try channel.receiver()
      try await task.value
      receiver.close()
    }

    @Test("a task waits for a sender to come", arguments: TrafficShape.several)
    func senderComes(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let reading = try channel.heldReceiver()
      let task = Task {
        var receiver = reading.take()
        try await receiver.awaitSender(timeout: .seconds(60))
      }
      try await Reactor.shared.hasSome()
      let sender = try channel.sender()
      try await task.value
      sender.close()
    }

    @Test("a task that drains goes on when all is read", arguments: TrafficShape.several)
    func drain(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let reading = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
      let sending = try channel.heldSender()
      let task = Task {
        var sender = sending.take()
        for number in 0..<3 { try await sender.send(Item(number)) }
        try await sender.drain(timeout: .seconds(60))
      }
      // Its messages are there, and it waits.
      try await Reactor.shared.hasSome()
      let threads = reading.map { held in
        TestThread {
          var receiver = held.take()
          while try receiver.number() != nil {}
        }
      }
      try await task.value
      for thread in threads { try thread.join() }
    }

    @Test("a drain that nobody helps ends at its deadline, or with its task")
    func drainEnds() async throws {
      let channel = try makeItems(TrafficShape(.spsc, 1, 1))
      let reading = try channel.heldReceiver()
      let sending = try channel.heldSender()
      let late = Task {
        var sender = sending.take()
        try await sender.send(Item(1))
        let end = await channelError { () async throws(ChannelError) in
          try await sender.drain(timeout: .milliseconds(1))
        }
        return (end, Held(sender))
      }
      let (end, held) = try await late.value
      #expect(end == .timedOut)
      let cancelled = Task {
        var sender = held.take()
        return await channelError { () async throws(ChannelError) in try await sender.drain() }
      }
      try await Reactor.shared.hasSome()
      cancelled.cancel()
      #expect(await cancelled.value == .cancelled)
      _ = reading.take()
    }

    @Test("a receiver of a broadcast that is cancelled between two terms goes on where it was")
    func cancelledBetweenTerms() async throws {
      let channel = try makeItems(TrafficShape(.broadcast, 1, 2))
      let (reading, sending) = (try channel.heldReceiver(), try channel.heldSender())
      let task = Task {
        var receiver = reading.take()
        var sender = sending.take()
        try sender.send(numbers: 0..<64)
        for number in 0..<64 {
          let found = try await receiver.next()?.value.number
          guard found == number else { throw Wrong(message: number) }
        }
        // The next term is there, and nothing in it.
        var loan = try await sender.reserve()
        // Its own task, to be cancelled while it waits.
        let end = await channelError { () async throws(ChannelError) in
          _ = try await receiver.next()
        }
        guard end == .cancelled else { throw Wrong(message: 64) }
        loan.value = Item(64)
        loan.send()
        return Held(receiver)
      }
      try await Reactor.shared.hasSome()
      task.cancel()
      var receiver = try await task.value.take()
      #expect(try receiver.number() == 64)
    }

    @Test("every way to send suspends while there is no room")
    func room() async throws {
      let registry = makeRegistry()
      let channel: SPSCChannel<Mixed> = try registry.open("memory://mixed?capacity=4KiB")
      let (sending, held) = (try Held(channel.sender()), try channel.heldReceiver())
      let rounds = 300
      let task = Task {
        var sender = sending.take()
        for round in 0..<rounds {
          try await sender.send("number \(round)")
          try await sender.send(Bytes.self, copying: [UInt8](repeating: 1, count: round))
          var matrix = try await sender.reserve(DoubleMatrix.self, rows: 2, columns: 3)
          matrix[1, 2] = Double(round)
          matrix.send()
        }
      }
      try await Reactor.shared.hasSome()
      let thread = TestThread {
        var receiver = held.take()
        for round in 0..<rounds {
          guard try receiver.receive(Text.self)?.string == "number \(round)" else {
            throw Wrong(message: round)
          }
          guard try receiver.receive(Bytes.self)?.count == round else {
            throw Wrong(message: round)
          }
          guard try receiver.receive(DoubleMatrix.self)?.elements[5] == Double(round) else {
            throw Wrong(message: round)
          }
        }
      }
      try await task.value
      try thread.join()
    }

    @Test("batches and messages of unknown length suspend too")
    func batches() async throws {
      let items = try makeItems(TrafficShape(.spsc, 1, 1))
      let bytes: SPSCChannel<Bytes> = try makeRegistry().open("memory://bytes?capacity=4KiB")
      let (sendingItems, readingItems) = (try items.heldSender(), try items.heldReceiver())
      let (sendingBytes, readingBytes) = (try bytes.heldSender(), try bytes.heldReceiver())
      let task = Task {
        var sender = sendingItems.take()
        var other = sendingBytes.take()
        for round in 0..<100 {
          var loan = try await sender.reserve(batch: 48)
          for index in 0..<48 { loan[index] = Item(round * 48 + index) }
          loan.send()
          let part = try await other.reserve(upTo: 3000)
          part.send(count: 2500)
        }
      }
      try await Reactor.shared.hasSome()
      let thread = TestThread {
        var receiver = readingItems.take()
        var other = readingBytes.take()
        for round in 0..<100 {
          for index in 0..<48 {
            guard try receiver.number() == round * 48 + index else { throw Wrong(message: round) }
          }
          guard try other.receive()?.count == 2500 else { throw Wrong(message: round) }
        }
      }
      try await task.value
      try thread.join()
    }
  }
}
