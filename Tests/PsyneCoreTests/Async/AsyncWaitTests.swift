import Synchronization
import Testing
import Traffic

@testable import PsyneCore

extension ReactorTests {
  /// How a task's wait for a channel ends, and what it leaves behind.
  @Suite("waits of channels") struct ChannelWaits {
    static let shapes = TrafficShape.several

    /// Whether nobody says that it sleeps.
    private func areAwake(_ channel: any Channel<Item>) -> Bool {
      let lanes = channel.opened.lanes
      let receivers = (0..<channel.consumers).allSatisfy { slot in
        unsafe lanes.channel.word(slot, ChannelLayout.parked).pointee.load(ordering: .relaxed) == 0
      }
      let senders = lanes.lanes.allSatisfy { lane in
        unsafe lane.word(LaneLayout.senderParked).pointee.load(ordering: .relaxed) == 0
      }
      return receivers && senders
    }

    @Test("a receiver that is cancelled leaves nothing behind", arguments: shapes)
    func cancelReceiver(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      for isEarly in [true, false] {
        let held = try channel.heldReceiver()
        try await cancel(isEarly, on: channel) { () async throws(ChannelError) in
          var receiver = held.take()
          _ = try await receiver.next()
        }
      }
      try await works(channel)
    }

    @Test("a sender that is cancelled leaves nothing behind", arguments: shapes)
    func cancelSender(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let reading = try channel.heldReceiver()
      for isEarly in [true, false] {
        let held = try channel.heldSender()
        try await cancel(isEarly, on: channel) { () async throws(ChannelError) in
          var sender = held.take()
          _ = try Self.fill(&sender)
          _ = try await sender.reserve()
        }
      }
      try Self.empty(reading.take())
      try await works(channel)
    }

    /// Cancels a task before it waits, or while it does, and looks that nothing of its wait is left.
    private func cancel(
      _ isEarly: Bool, on channel: any Channel<Item>,
      _ wait: @escaping @Sendable () async throws(ChannelError) -> Void
    ) async throws {
      let task = Task {
        if isEarly { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
        return await channelError(of: wait)
      }
      if !isEarly {
        try await Reactor.shared.hasSome()
        task.cancel()
      }
      #expect(await task.value == .cancelled)
      try await Reactor.shared.has(0)
      #expect(areAwake(channel))
    }

    private static func fill(_ sender: inout Sender<Item>) throws(ChannelError) -> Int {
      try sender.fill()
    }

    /// Reads what is there.
    private static func empty(_ receiver: consuming Receiver<Item>) throws {
      var receiver = receiver
      while true {
        do {
          guard try receiver.tryReceive() != nil else { return }
        } catch ChannelError.closed {
          return
        }
      }
    }

    /// Whether whoever comes next is served.
    private func works(_ channel: any Channel<Item>) async throws {
      let held = try channel.heldReceiver()
      let task = Task {
        var receiver = held.take()
        return try await receiver.next()?.value.number
      }
      try await Reactor.shared.hasSome()
      try send(7, on: channel)
      #expect(try await task.value == 7)
    }

    private func send(_ number: Int, on channel: any Channel<Item>) throws {
      var sender = try channel.sender()
      try sender.send(Item(number))
    }

    @Test("a message that is there is received, cancelled or not", arguments: shapes)
    func cancelledWithMessage(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let held = try channel.heldReceiver()
      try send(3, on: channel)
      let task = Task {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        var receiver = held.take()
        return try await receiver.next()?.value.number
      }
      #expect(try await task.value == 3)
    }

    @Test("a deadline ends the wait, never early", arguments: shapes)
    func deadline(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      var receiver = try channel.receiver()
      var sender = try channel.sender()
      for timeout in [Duration.zero, .microseconds(1), .milliseconds(5), .milliseconds(60)] {
        let start = ContinuousClock.now
        do throws(ChannelError) {
          _ = try await receiver.next(timeout: timeout)
          Issue.record("there is nothing")
        } catch {
          #expect(error == .timedOut)
        }
        #expect(ContinuousClock.now - start >= timeout)
      }
      let sent = try Self.fill(&sender)
      do throws(ChannelError) {
        _ = try await sender.reserve(timeout: .milliseconds(5))
        Issue.record("there is no room")
      } catch {
        #expect(error == .timedOut)
      }
      #expect(areAwake(channel))
      for number in 0..<sent {
        let next = try await receiver.next(timeout: .zero)?.value.number
        #expect(next == number)
      }
      try await Reactor.shared.has(0)
    }

    @Test("the end of the stream wakes every task that waits", arguments: shapes)
    func ending(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
      let sender = try channel.heldSender()
      let tasks = receivers.map { held in
        Task {
          var receiver = held.take()
          return try await receiver.next() == nil
        }
      }
      try await Reactor.shared.has(shape.consumers)
      sender.take().close()
      for task in tasks { #expect(try await task.value) }
    }

    @Test("copies are a sequence, which ends with the stream")
    func copies() async throws {
      let channel = try makeItems(TrafficShape(several: .mpsc))
      let vectors: SPMCChannel<FloatVector> = try makeRegistry().open("memory://v")
      let items = try channel.copies()
      let floats = try vectors.copies(share: 1)
      let senders = (try channel.heldSender(), try vectors.heldSender())
      let thread = TestThread {
        var sender = senders.0.take()
        try sender.send(numbers: 0..<1000)
        var vector = senders.1.take()
        for count in 0..<100 {
          try vector.send(copying: [Float](repeating: Float(count), count: count).span)
        }
      }
      var numbers: [Int] = []
      for try await item in items { numbers.append(item.number) }
      #expect(numbers == Array(0..<1000))
      var count = 0
      for try await copy in floats {
        #expect(copy == [Float](repeating: Float(count), count: count))
        count += 1
      }
      #expect(count == 100)
      try thread.join()
    }

    @Test("a sequence of copies ends when its task is cancelled")
    func copiesCancelled() async throws {
      let channel = try makeItems(TrafficShape(several: .spsc))
      let items = try channel.copies()
      let task = Task {
        do throws(ChannelError) {
          for try await _ in items {}
          return ChannelError?.none
        } catch {
          return error
        }
      }
      try await Reactor.shared.hasSome()
      task.cancel()
      #expect(await task.value == .cancelled)
      try await Reactor.shared.has(0)
    }

    @Test("a task that prefers the reactor receives on its thread")
    func executor() async throws {
      let channel = try makeItems(TrafficShape(several: .spsc))
      let held = try channel.heldReceiver()
      let task = Task(executorPreference: Reactor.shared) {
        var receiver = held.take()
        var wasThere = Reactor.shared.status != nil
        for _ in 0..<100 {
          guard try await receiver.next() != nil else { return false }
          if Reactor.shared.status == nil { wasThere = false }
        }
        return wasThere
      }
      let sender = try channel.heldSender()
      let thread = TestThread {
        var sender = sender.take()
        for number in 0..<100 {
          try sender.send(Item(number))
          pauseBriefly()
        }
      }
      #expect(try await task.value)
      try thread.join()
    }
  }
}

extension Reactor {
  /// Waits until it has a wait.
  func hasSome() async throws {
    let giveUp = ContinuousClock.now + .seconds(60)
    while try await report().waits == 0 {
      guard ContinuousClock.now < giveUp else { throw NeverCame() }
      await Task.yield()
    }
  }
}
