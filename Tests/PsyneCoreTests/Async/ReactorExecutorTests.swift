import Glibc
import PsyneCore
import Testing

extension ReactorTests {
  /// The reactor as the executor of tasks.
  @Suite("executor") struct Executor {
    @Test("jobs run on its thread, and nowhere else", arguments: ReactorTier.allCases)
    func thread(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      #expect(reactor.status == nil)
      let threads = await withTaskGroup(of: UInt.self, returning: Set<UInt>.self) { group in
        for _ in 0..<500 {
          group.addTask(executorPreference: reactor) {
            await Task.yield()
            // A child task has the same preference.
            async let child = thisThread()
            return await child
          }
        }
        return await group.reduce(into: []) { $0.insert($1) }
      }
      #expect(threads.count == 1)
      #expect(threads != [thisThread()])
    }

    @Test("the thread has all signals blocked")
    func signals() async throws {
      let blocked = await Task(executorPreference: Reactor.shared) {
        var mask = sigset_t()
        unsafe pthread_sigmask(SIG_SETMASK, nil, &mask)
        return [SIGINT, SIGTERM, SIGUSR1, SIGCHLD].allSatisfy {
          unsafe sigismember(&mask, $0) == 1
        }
      }.value
      #expect(blocked)
    }

    @Test("jobs that go on and on do not keep waits from ending", arguments: ReactorTier.allCases)
    func busy(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let isOver = Flag()
      let words = try Words()
      let busy = Task(executorPreference: reactor) {
        while !isOver.isSet { await Task.yield() }
      }
      for _ in 0..<20 {
        words.reset()
        let waiting = Task { await words.wait(reactor) }
        try await reactor.has(1)
        words.wake()
        #expect(await waiting.value == .woken)
        words.reset()
        #expect(await words.wait(reactor, until: now() + 100_000) == .timedOut)
      }
      isOver.set()
      await busy.value
    }

    private func thisThread() -> UInt { UInt(pthread_self()) }

    private func now() -> Int64 {
      var time = timespec()
      unsafe clock_gettime(CLOCK_MONOTONIC, &time)
      return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
  }
}
