import Glibc
import Synchronization

/// Ends the test process with a message if `body` takes longer than any machine needs: what hangs
/// in a blocking call cannot be ended in a kinder way.
func watched<Result>(
  minutes: Int = 10, _ test: String = #function, _ body: () throws -> Result
) rethrows -> Result {
  let watch = Watchdog.shared.start(test, seconds: minutes * 60)
  defer { Watchdog.shared.stop(watch) }
  return try body()
}

/// One thread that counts down, once a second, what is left to each watched test.
private final class Watchdog: Sendable {
  static let shared = Watchdog()

  private struct Watch {
    let test: String
    var secondsLeft: Int
  }

  private struct Watches {
    var last = 0
    var running: [Int: Watch] = [:]
  }

  private let watches = Mutex(Watches())

  private init() {
    _ = TestThread { [self] in
      while true {
        sleep(1)
        tick()
      }
    }
  }

  func start(_ test: String, seconds: Int) -> Int {
    watches.withLock {
      $0.last += 1
      $0.running[$0.last] = Watch(test: test, secondsLeft: seconds)
      return $0.last
    }
  }

  func stop(_ id: Int) { watches.withLock { _ = $0.running.removeValue(forKey: id) } }

  private func tick() {
    watches.withLock { watches in
      for (id, var watch) in watches.running {
        watch.secondsLeft -= 1
        guard watch.secondsLeft > 0 else {
          print("\(watch.test) hangs: the watchdog ends the process")
          fflush(nil)
          abort()
        }
        watches.running[id] = watch
      }
    }
  }
}
