import CPsyne
import PsyneCore
import Testing

extension ReactorTests {
  /// The three ways in which a wait ends, in each tier.
  @Suite("waiting") struct Waiting {
    @Test("the tier is the one that was asked for", arguments: ReactorTier.allCases)
    func tier(_ tier: ReactorTier) async throws {
      let ring = unsafe cpsyne_uring_open(8)
      let hasRing = unsafe ring != nil
      if let ring = unsafe ring { unsafe cpsyne_uring_close(ring) }
      let got = try await tier.reactor.report().tier
      #expect(got == tier || tier == .uring && !hasRing && got == .waitv)
    }

    @Test(
      "a wake-up through another mapping ends the wait",
      arguments: ReactorTier.allCases, [true, false])
    func woken(_ tier: ReactorTier, isShared: Bool) async throws {
      let reactor = tier.reactor
      let words = try Words(isShared: isShared)
      for _ in 0..<50 {
        words.reset()
        // On Swift's pool, and on the reactor's thread.
        for preference in [nil, reactor] {
          words.reset()
          let task = Task(executorPreference: preference) { await words.wait(reactor) }
          try await reactor.has(1)
          words.wake()
          #expect(await task.value == .woken)
        }
      }
      try await reactor.has(0)
    }

    @Test("a word that has changed already ends the wait at once", arguments: ReactorTier.allCases)
    func changed(_ tier: ReactorTier) async throws {
      let words = try Words()
      #expect(await words.wait(tier.reactor, expecting: 2) == .woken)
    }

    @Test(
      "a deadline ends the wait when it has passed, not before", arguments: ReactorTier.allCases)
    func deadline(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let words = try Words()
      for length: Int64 in [-1, 0, 1, 10_000, 300_000, 3_000_000, 40_000_000] {
        for preference in [nil, reactor] {
          let deadline = cpsyne_monotonic_ns() + length
          let task = Task(executorPreference: preference) {
            await words.wait(reactor, until: deadline)
          }
          #expect(await task.value == .timedOut)
          #expect(cpsyne_monotonic_ns() >= deadline)
        }
      }
      #expect(!words.wake(), "a wait was left in the kernel")
      try await reactor.has(0)
    }

    @Test(
      "an earlier deadline than those before wakes the reactor", arguments: ReactorTier.allCases)
    func earlierDeadline(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let words = try Words(2)
      let hour: Int64 = 3_600_000_000_000
      let late = Task { await words.wait(reactor, 0, until: cpsyne_monotonic_ns() + hour) }
      try await reactor.has(1)
      #expect(await words.wait(reactor, 1, until: cpsyne_monotonic_ns() + 1_000_000) == .timedOut)
      words.wake(0)
      #expect(await late.value == .woken)
    }

    @Test("a cancelled task does not wait", arguments: ReactorTier.allCases)
    func cancelledBefore(_ tier: ReactorTier) async throws {
      let words = try Words()
      let task = Task {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return await words.wait(tier.reactor)
      }
      #expect(await task.value == .cancelled)
    }

    @Test(
      "cancellation ends the wait, and leaves nothing in the kernel",
      arguments: ReactorTier.allCases)
    func cancelledWhile(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      for preference in [nil, reactor] {
        for deadline: Int64 in [.max, cpsyne_monotonic_ns() + 3_600_000_000_000] {
          let words = try Words()
          let task = Task(executorPreference: preference) {
            await words.wait(reactor, until: deadline)
          }
          try await reactor.has(1)
          task.cancel()
          #expect(await task.value == .cancelled)
          #expect(!words.wake(), "a wait was left in the kernel")
          try await reactor.has(0)
        }
      }
    }

    @Test("a wait is woken also after others have gone", arguments: ReactorTier.allCases)
    func others(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let count = 6
      let words = try Words(count)
      var tasks: [Task<WaitOutcome, Never>] = []
      for index in 0..<count {
        tasks.append(Task { await words.wait(reactor, index) })
        // So that their order is known.
        try await reactor.has(index + 1)
      }
      // Whichever took the place of the first two has to be watched there.
      for index in [0, 1] {
        tasks[index].cancel()
        #expect(await tasks[index].value == .cancelled)
      }
      for index in [5, 2, 4, 3] {
        words.wake(index)
        #expect(await tasks[index].value == .woken)
      }
      try await reactor.has(0)
    }

    @Test("the memory may be unmapped after the wait", arguments: ReactorTier.allCases)
    func unmapped(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      for round in 0..<200 {
        let isShared = round.isMultiple(of: 2)
        do {
          let words = try Words(isShared: isShared)
          let task = Task { await words.wait(reactor) }
          if !round.isMultiple(of: 3) { try await reactor.has(1) }
          task.cancel()
          #expect(await task.value == .cancelled)
        }
        // What is mapped there now is none of the reactor's business.
        let next = try Words(isShared: isShared)
        #expect(!next.wake())
      }
    }
  }
}
