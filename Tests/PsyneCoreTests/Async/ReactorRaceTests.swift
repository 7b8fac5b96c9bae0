import CPsyne
import Glibc
import PsyneCore
import Synchronization
import Testing

extension ReactorTests {
  /// Wake-up, deadline and cancellation at the same time.
  @Suite("races") struct Races {
    @Test(
      "a wait ends once, whatever comes together",
      arguments: ReactorTier.allCases, [true, false])
    func once(_ tier: ReactorTier, onReactor: Bool) async throws {
      let reactor = tier.reactor
      let lanes = 8
      let rounds = tier == .nap ? 100 : Volume.isWhole ? 20_000 : 1_000
      let words = try Words(lanes)
      let outcomes = Counter()
      let isOver = Flag()
      // Wakes whatever waits, all the time.
      let waker = TestThread {
        var index = 0
        while !isOver.isSet {
          words.wake(index % lanes)
          index += 1
          if index.isMultiple(of: lanes) { pauseBriefly() }
        }
      }
      await withTaskGroup(of: Void.self) { group in
        for lane in 0..<lanes {
          group.addTask(executorPreference: onReactor ? reactor : nil) {
            for round in 0..<rounds {
              words.reset(lane)
              let deadline =
                round.isMultiple(of: 3) ? .max : cpsyne_monotonic_ns() + .random(in: 0..<150_000)
              // A task of its own, so that it can be cancelled alone; on the pool, so that it is at
              // another moment.
              let task = Task(executorPreference: onReactor ? reactor : nil) {
                _ = await words.wait(reactor, lane, until: deadline)
                outcomes.add(1)
              }
              let canceller = Task { task.cancel() }
              if round.isMultiple(of: 2) { await Task.yield() }
              await task.value
              await canceller.value
            }
          }
        }
      }
      isOver.set()
      try waker.join()
      #expect(outcomes.value == lanes * rounds)
      try await reactor.has(0)
      for lane in 0..<lanes { #expect(!words.wake(lane), "a wait was left in the kernel") }
    }

    /// Deadlines of all lengths, of which every third is cancelled: the heap under load.
    @Test("each deadline is kept", arguments: ReactorTier.allCases)
    func deadlines(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let count = 600
      let words = try Words(count)
      let tasks = (0..<count).map { index in
        let deadline = cpsyne_monotonic_ns() + .random(in: 0..<60_000_000)
        return Task {
          let outcome = await words.wait(reactor, index, until: deadline)
          return (outcome, isLate: cpsyne_monotonic_ns() >= deadline)
        }
      }
      for index in stride(from: 0, to: count, by: 3) { tasks[index].cancel() }
      for (index, task) in tasks.enumerated() {
        let (outcome, isLate) = await task.value
        if outcome == .timedOut { #expect(isLate) }
        #expect(outcome == .timedOut || outcome == .cancelled && index.isMultiple(of: 3))
      }
      try await reactor.has(0)
    }

    /// The cancellation comes just before, while, or after the reactor is handed the wait.
    @Test("a cancellation is never lost", arguments: ReactorTier.allCases, [true, false])
    func cancellation(_ tier: ReactorTier, onReactor: Bool) async throws {
      let reactor = tier.reactor
      let words = try Words()
      for round in 0..<(Volume.isWhole ? 100_000 : 5_000) {
        let isBegun = Flag()
        let task = Task(executorPreference: onReactor ? reactor : nil) {
          isBegun.set()
          return await words.wait(reactor)
        }
        while !isBegun.isSet { await Task.yield() }
        for _ in 0..<round % 200 { cpsyne_pause() }
        task.cancel()
        #expect(await task.value == .cancelled)
      }
      try await reactor.has(0)
    }

    /// The protocol of a channel's end that sleeps: no wake-up may be lost.
    @Test("two tasks pass a ball", arguments: ReactorTier.allCases)
    func ball(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let words = try Words(2)
      let rounds = tier == .nap ? 100 : Volume.isWhole ? 50_000 : 3_000
      await withTaskGroup(of: Void.self) { group in
        for player in 0..<2 {
          group.addTask(executorPreference: player == 0 ? reactor : nil) {
            for round in 0..<rounds {
              // Player 0 begins.
              if player == 1 || round > 0 {
                while await words.wait(reactor, player) == .woken, words[player] == 1 {}
                words.reset(player)
              }
              words.wake(1 - player)
            }
          }
        }
      }
      try await reactor.has(0)
    }
  }
}
