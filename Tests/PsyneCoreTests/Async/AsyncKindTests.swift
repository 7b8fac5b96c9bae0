import PsyneCore
import Synchronization
import Testing
import Traffic

extension ReactorTests {
  /// Tasks and threads on the same channels.
  @Suite("channels") struct Channels {
    /// Who suspends, and who blocks a thread.
    enum Mix: CaseIterable {
      case asyncReceivers, asyncSenders, allAsync, half

      func suspends(sender index: Int) -> Bool {
        switch self {
        case .asyncReceivers: false
        case .asyncSenders, .allAsync: true
        case .half: index % 2 == 0
        }
      }

      func suspends(receiver index: Int) -> Bool {
        switch self {
        case .asyncSenders: false
        case .asyncReceivers, .allAsync: true
        case .half: index % 2 == 1
        }
      }
    }

    @Test("structs", arguments: TrafficShape.several, Mix.allCases)
    func items(_ shape: TrafficShape, _ mix: Mix) async throws {
      try await run(ItemCargo.self, shape, mix)
    }

    @Test("bytes", arguments: TrafficShape.several, Mix.allCases)
    func bytes(_ shape: TrafficShape, _ mix: Mix) async throws {
      try await run(BytesCargo.self, shape, mix)
    }

    @Test("messages of several types", arguments: TrafficShape.several, [Mix.allAsync, .half])
    func mixed(_ shape: TrafficShape, _ mix: Mix) async throws {
      try await run(MixedCargo.self, shape, mix)
    }

    private func run<Sent: Cargo>(
      _ cargo: Sent.Type, _ shape: TrafficShape, _ mix: Mix
    ) async throws {
      let each = Volume.messages(usual: 20_000, whole: 1_000_000) / shape.producers
      let channel = try shape.open("memory://async", of: Sent.Body.self, in: makeRegistry())
      let total = Mutex(TrafficReport(producers: shape.producers))
      let receivers = try (0..<shape.consumers).map { _ in try channel.heldReceiver() }
      let senders = try (0..<shape.producers).map { _ in try channel.heldSender() }
      var threads: [TestThread] = []
      var tasks: [Task<Void, any Error>] = []
      for (index, held) in receivers.enumerated() {
        guard mix.suspends(receiver: index) else {
          threads.append(
            TestThread {
              var receiver = held.take()
              let report = try Sent.receive(
                from: &receiver, producers: shape.producers, as: .receive)
              total.withLock { $0 = $0 + report }
            })
          continue
        }
        // On the reactor's own thread, and on the pool.
        let executor = index % 2 == 0 ? Reactor.shared : nil
        tasks.append(
          Task(executorPreference: executor) { @Sendable in
            var receiver = held.take()
            let report = try await Sent.receiveSuspending(
              from: &receiver, producers: shape.producers, inBatches: index % 2 == 1)
            total.withLock { $0 = $0 + report }
          })
      }
      for (index, held) in senders.enumerated() {
        guard mix.suspends(sender: index) else {
          threads.append(
            TestThread {
              var sender = held.take()
              try Sent.send(upTo: each, of: index, to: &sender)
            })
          continue
        }
        tasks.append(
          Task {
            var sender = held.take()
            try await Sent.sendSuspending(upTo: each, of: index, to: &sender)
          })
      }
      for task in tasks { try await task.value }
      // These end by themselves when the tasks have.
      for thread in threads { try thread.join() }
      let expected = TrafficReport(
        cargo, producers: shape.producers, each: each, copies: shape.copies)
      #expect(total.withLock { $0 } == expected)
    }
  }
}
