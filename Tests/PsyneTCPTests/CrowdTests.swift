import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP

/// Many clients of one server, one of which behaves badly.
@Suite("A crowd of clients")
struct CrowdTests {
  static let clients = 99
  static let rounds = 200
  static let capacity = 64 << 10
  static let options = "capacity=64KiB"

  /// Bytes of memory that the system has given to this process.
  static func used() throws -> Int {
    let pages = try readText("/proc/self/statm").split(separator: " ")
    return try #require(Int(pages[1])) * Int(getpagesize())
  }

  /// Whether the address sanitizer is at work, which keeps what was freed.
  static var isInstrumented: Bool { unsafe dlsym(nil, "__asan_init") != nil }

  /// What is asked by one that reads no answer.
  static let babble = 7_000_000

  /// Answers each question by itself. One that does not read its answers misses those for which there is no room.
  static func serve(_ server: Server<Numbers>) throws {
    var receiver = try server.receiver()
    var replies = server.sender(whenFull: .dropNewest)
    while let message = try receiver.receive() {
      let number = Int(message[0] / 1000)
      try replies.to(message.peer) { sender in
        guard number == babble else { return try send(number..<number + 1, &sender) }
        _ = try sender.offer(count: 100)?.send()
      }
    }
  }

  /// Asks, and gets each answer: the first that is wrong, or nil.
  static func ask(_ client: Int, _ connection: Connection<Numbers>) throws -> Int? {
    var sender = try connection.sender()
    var receiver = try connection.receiver()
    for number in client * 1000..<client * 1000 + rounds {
      try send(number..<number + 1, &sender)
      if let wrong = try receive(number..<number + 1, &receiver) { return wrong }
    }
    return nil
  }

  /// Asks without end, and reads nothing.
  ///
  /// - Returns: how often.
  static func babble(
    _ sender: inout Sender<Numbers>, while goesOn: () -> Bool
  ) throws -> Int {
    var count = 0
    while goesOn() {
      do throws(ChannelError) {
        var loan = try sender.reserve(count: 100, timeout: .milliseconds(10))
        loan[0] = UInt64(babble * 1000)
        loan.send()
        count += 1
      } catch .timedOut {}
    }
    return count
  }

  @Test("one of a hundred never reads and never stops: the others get all, and memory is bounded")
  func stalled() async {
    // In a process of its own, whose memory is that of these connections.
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardOutputContent]
    ) {
      let address = "tcp://127.0.0.1:0?\(CrowdTests.options)"
      do {
        // What is made once for all is no part of it.
        let first = try Server<Numbers>(address, registry: tcp)
        _ = try Connection<Numbers>("\(first.address)?\(CrowdTests.options)", registry: tcp)
        first.close()
      }
      let before = try CrowdTests.used()
      let server = try Server<Numbers>(address, registry: tcp)
      let there = "\(server.address)?\(CrowdTests.options)&connecttimeout=60s"

      // Its lane is full before anybody serves, and whenever it has room again it is filled.
      let stalled = try Connection<Numbers>(there, registry: tcp)
      var babbler = try stalled.sender()
      var isFull = false
      while !isFull {
        guard var loan = try babbler.tryReserve(count: 100) else {
          isFull = true
          continue
        }
        loan[0] = UInt64(CrowdTests.babble * 1000)
        loan.send()
      }
      let peer = try #require(server.peers.first?.id)
      let serving = BackgroundThread { try CrowdTests.serve(server) }

      let (done, isMeasured) = (Counter(), Counter())
      let clients = (0..<CrowdTests.clients).map { client in
        BackgroundThread {
          let asked = Result {
            let connection = try Connection<Numbers>(there, registry: tcp)
            return (connection, wrong: try CrowdTests.ask(client, connection))
          }
          done.add()
          // It stays until all are done, and the memory of all is known.
          try eventually("it is measured") { isMeasured.count > 0 }
          return try asked.get().wrong
        }
      }
      let count = try CrowdTests.babble(&babbler) { done.count < CrowdTests.clients }
      let after = try CrowdTests.used()
      isMeasured.add()
      for client in clients { try #require(try client.join() == nil) }

      // Each side of each connection has two lanes; the rest is stacks of threads, and what they allocate.
      let most = (CrowdTests.clients + 1) * (2 * 2 * CrowdTests.capacity + (256 << 10))
      print(
        "memory of 100 connections, both sides: \((after - before) >> 10) KiB, at most \(most >> 10) KiB;",
        "\(count) messages of the one that never reads")
      try #require(after - before < most || CrowdTests.isInstrumented)
      try #require(count > 0 && stalled.state == .connected)
      let missed = try #require(server.statistics(of: peer)).outbound.drops
      try #require(missed > 0, "its lane was full, and nobody waited for it")
      server.close()
      try serving.join()
    }
    let said = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    for line in said.split(separator: "\n") where line.hasPrefix("memory") { print(line) }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    func add() { value.add(1, ordering: .sequentiallyConsistent) }
  }
}
