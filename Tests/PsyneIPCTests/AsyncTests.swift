import Glibc
import PsyneCore
import PsyneIPC
import TestSupport
import Testing
import Traffic

/// Tasks that wait for another process, and very many that wait in one.
@Suite("Tasks and processes", .serialized)
struct AsyncTests {
  /// Receives on a task, and says what it has got.
  private func receive(
    _ place: Place, _ shape: TrafficShape, on executor: Reactor?
  ) throws -> Task<String, any Error> {
    let channel = try place.open(shape)
    return Task(executorPreference: executor) {
      var receiver = try channel.receiver()
      do throws(ChannelError) {
        guard let message = try await receiver.next() else { return "closed" }
        return "message \(Pattern.sequence(of: message.elements) ?? -1)"
      } catch {
        return "\(error)"
      }
    }
  }

  private func untilWaiting(_ place: Place, _ count: Int) throws {
    try eventually("it waits") {
      try IPCTransport(directory: place.directory.path).report(on: "ipc://c").statistics.emptyWaits
        == count
    }
  }

  @Test("a message, the end and a death wake a task", arguments: TrafficShape.several)
  func wakes(_ shape: TrafficShape) async throws {
    let place = try Place()
    let kept = try place.open(shape)
    for (round, executor) in [Reactor.shared, nil].enumerated() {
      for (index, (act, expected)) in [
        ("send 3 1 1 8 8", "message 3"), ("close sender", "closed"),
        ("kill", "\(ChannelError.peerDied)"),
      ].enumerated() {
        let peer = try place.peer(shape, "sender")
        let task = try receive(place, shape, on: executor)
        try untilWaiting(place, round * 3 + index + 1)
        if act == "kill" { peer.kill() } else { try #require(peer.ask(act) == "ok") }
        #expect(try await task.value == expected)
        if index == 0 { try #require(peer.ask("close sender") == "ok") }
        // The next one is not to hear of this one's end.
        try drainEnds(kept)
      }
    }
  }

  @Test(
    "a task that waits for a moment at a time is told of a death",
    arguments: ["sender", "receiver"])
  func shortWaits(dying: String) async throws {
    let place = try Place()
    let shape = TrafficShape(several: .spsc)
    let channel = try place.open(shape)
    let peer = try place.peer(shape, dying)
    // The pool's threads may all be waiting, in other tests.
    let task = Task(executorPreference: Reactor.shared) {
      if dying == "sender" {
        var receiver = try channel.receiver()
        return await Self.tryUntilRefused { () async throws(ChannelError) in
          _ = try await receiver.next(timeout: .milliseconds(1))
        }
      }
      var sender = try channel.sender()
      return await Self.tryUntilRefused { () async throws(ChannelError) in
        try await sender.send(
          copying: [UInt8](repeating: 0, count: 4000), timeout: .milliseconds(1))
      }
    }
    try eventually("it waits, again and again") {
      let statistics = channel.statistics
      return statistics.emptyWaits + statistics.fullWaits > 3
    }
    peer.kill()
    #expect(try await task.value == .peerDied)
  }

  private static func tryUntilRefused(
    _ body: () async throws(ChannelError) -> Void
  ) async -> ChannelError {
    while true {
      do throws(ChannelError) {
        try await body()
      } catch .timedOut {
        continue
      } catch {
        return error
      }
    }
  }

  /// Hears of what has ended, so that the next receiver does not.
  private func drainEnds(_ channel: any Channel<Bytes>) throws {
    var receiver = try channel.receiver()
    for _ in 0..<2 { _ = try? receiver.tryReceive() }
  }

  @Test("the death of the receiver wakes a task that waits for room")
  func senderWakes() async throws {
    let place = try Place()
    let shape = TrafficShape(several: .spsc)
    let channel = try place.open(shape)
    let peer = try place.peer(shape, "receiver")
    let task = Task {
      var sender = try channel.sender()
      do throws(ChannelError) {
        for _ in 0..<2 { try await sender.send(copying: [UInt8](repeating: 0, count: 4000)) }
        return "sent"
      } catch {
        return "\(error)"
      }
    }
    try eventually("it waits for room") { channel.statistics.fullWaits == 1 }
    peer.kill()
    #expect(try await task.value == "\(ChannelError.peerDied)")
  }

  @Test("10,000 tasks that wait take a handful of threads and no processor time")
  func crowd() throws {
    let count = 10_000
    let place = try Place()
    let peer = try place.peer()
    let threadsBefore = try listDirectory("/proc/\(peer.process)/task").count
    try #require(peer.ask("crowd \(count)") == "ok")
    // None of its threads runs for two seconds, but for one with which Swift's pool watches itself.
    try eventually("it is idle") {
      let before = try peer.ownActivity()
      pass(microseconds: 2_000_000)
      return try peer.ownActivity() == before
    }
    let threads = try listDirectory("/proc/\(peer.process)/task").count
    // Those of Swift's pool, one for each processor, the reactor's, and where the kernel's rings cannot
    // be had one for each 127 words.
    let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    #expect(threads - threadsBefore <= processors + 4)
    print("crowd: \(count) tasks wait on \(threads) threads")
    #expect(try peer.ask("crowd-send") == "\(count)")
  }
}

extension Peer {
  /// As ``activity()``, without the thread of Swift's pool that looks after the others once a second.
  fileprivate func ownActivity() throws -> [String] {
    try activity().filter { line in
      let thread = line.prefix { $0 != ":" }
      return try readText("/proc/\(process)/task/\(thread)/comm") != "-qos.overcommit\n"
    }
  }
}
