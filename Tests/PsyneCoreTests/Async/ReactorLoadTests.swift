import CPsyne
import Glibc
import PsyneCore
import Synchronization
import Testing

extension ReactorTests {
  /// Many waits, and what they cost.
  @Suite("load") struct Load {
    @Test("10,000 waits cost no processor time", arguments: [ReactorTier.uring, .waitv])
    func many(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let tier = try await reactor.report().tier
      let thread = try await Task(executorPreference: reactor) { try thisThread() }.value
      let threadsBefore = try wordThreads()
      let count = 10_000
      let words = try Words(count)
      let tasks = (0..<count).map { index in
        Task { await words.wait(reactor, index) }
      }
      try await reactor.has(count)
      let threads = try wordThreads()
      if tier == .uring { #expect(threads == threadsBefore) }
      let watchers = Set([thread] + threads)
      // What was begun has been worked off when half a second adds nothing.
      let giveUp = ContinuousClock.now + .seconds(60)
      var before = -1
      while true {
        let now = try ticks(watchers)
        if now == before { break }
        try #require(ContinuousClock.now < giveUp, "the threads do not sleep")
        before = now
        // The passing of time is what is tested.
        usleep(500_000)
      }
      for index in 0..<count { words.wake(index) }
      for task in tasks { #expect(await task.value == .woken) }
      try await reactor.has(0)
    }

    @Test("10,000 waits can all be cancelled", arguments: ReactorTier.allCases)
    func cancelled(_ tier: ReactorTier) async throws {
      let reactor = tier.reactor
      let count = 10_000
      let words = try Words(count)
      let tasks = (0..<count).map { index in
        Task(executorPreference: reactor) { await words.wait(reactor, index) }
      }
      try await reactor.has(count)
      for task in tasks { task.cancel() }
      for task in tasks { #expect(await task.value == .cancelled) }
      try await reactor.has(0)
      for index in 0..<count where words.wake(index) {
        Issue.record("a wait was left in the kernel")
      }
    }

    /// Threads that the library has started for words the reactor's own thread does not watch.
    private func wordThreads() throws -> [Int] {
      try entries("/proc/self/task").compactMap { Int($0) }.filter {
        try text("/proc/self/task/\($0)/comm") == "psyne-words\n"
      }
    }

    /// The kernel's number of the thread that calls.
    private func thisThread() throws -> Int {
      var buffer = [UInt8](repeating: 0, count: 64)
      // <process>/task/<thread>
      // <process>/task/<thread>
      let length = unsafe buffer.withUnsafeMutableBytes { buffer in
        unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
          guard let start = buffer.baseAddress else { return 0 }
          return unsafe readlink("/proc/thread-self", start, buffer.count)
        }
      }
      let path = String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
      guard let number = path.split(separator: "/").last.flatMap({ Int($0) }) else {
        throw Unreadable(path: path)
      }
      return number
    }

    /// Processor time of the threads in the system's ticks.
    private func ticks(_ threads: Set<Int>) throws -> Int {
      try threads.reduce(0) { sum, thread in
        let stat = try text("/proc/self/task/\(thread)/stat")
        // After the name, which ends with the last bracket: user time and system time are 12th and 13th.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        return sum + (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
      }
    }

    private struct Unreadable: Error { let path: String }

    private func text(_ path: String) throws -> String {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Unreadable(path: path) }
      defer { close(descriptor) }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let length = unsafe read(descriptor, &buffer, buffer.count)
      return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
    }

    private func entries(_ path: String) throws -> [String] {
      guard let directory = unsafe opendir(path) else { throw Unreadable(path: path) }
      defer { unsafe closedir(directory) }
      var names: [String] = []
      while let entry = unsafe readdir(directory) {
        names.append(
          unsafe withUnsafePointer(to: &entry.pointee.d_name) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
              unsafe String(cString: $0)
            }
          })
      }
      return names
    }
  }
}
