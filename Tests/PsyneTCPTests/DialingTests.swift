import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP

@Suite("Threads that dial")
struct DialingTests {
  private final class Counter: Sendable {
    let done = Mutex<[Int]>([])

    func job(_ number: Int) -> DialingPool.Job { { self.done.withLock { $0.append(number) } } }
  }

  /// Gives one thread, and asks for another one meanwhile, in vain.
  private final class Shortage: Sendable {
    let counter = Counter()
    let given = Mutex<[DialingPool.Job]>([])
    let isSecondDone = Mutex<Bool?>(nil)
    let pool = Mutex<DialingPool?>(nil)

    func start(_ body: @escaping DialingPool.Job) -> Bool {
      guard isSecondDone.withLock({ $0 == nil }) else { return false }
      isSecondDone.withLock { $0 = true }
      let isDone = pool.withLock { $0 }?.run(counter.job(2))
      isSecondDone.withLock { $0 = isDone }
      given.withLock { $0.append(body) }
      return true
    }
  }

  @Test("one that gets no thread takes its own job back, and leaves those of others")
  func short() {
    let shortage = Shortage()
    let pool = DialingPool { shortage.start($0) }
    shortage.pool.withLock { $0 = pool }
    #expect(pool.run(shortage.counter.job(1)))
    #expect(shortage.isSecondDone.withLock { $0 } == false)
    // There is one that will come, who takes this one as well.
    #expect(pool.run(shortage.counter.job(3)))
    for body in shortage.given.withLock({ $0 }) { body() }
    #expect(shortage.counter.done.withLock { $0 } == [1, 3])
    // It has ended, and there is no other.
    #expect(!pool.run(shortage.counter.job(4)))
    // They have the pool, which has them.
    shortage.given.withLock { $0 = [] }
    shortage.pool.withLock { $0 = nil }
  }

  @Test("many jobs have few threads, and each is done once")
  func many() throws {
    let most = Mutex((now: 0, ever: 0))
    let done = Mutex(0)
    let pool = DialingPool()
    for _ in 0..<500 {
      let isGiven = pool.run {
        most.withLock { most in
          most.now += 1
          most.ever = max(most.ever, most.now)
        }
        pass(microseconds: 100)
        most.withLock { $0.now -= 1 }
        done.withLock { $0 += 1 }
      }
      #expect(isGiven)
    }
    try eventually("all are done") { done.withLock { $0 } == 500 }
    #expect(most.withLock(\.ever) <= 16)
  }
}
