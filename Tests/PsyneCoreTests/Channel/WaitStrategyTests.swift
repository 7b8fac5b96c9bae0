import PsyneCore
import TestSupport
import Testing

/// Each way to wait, as the address says it.
@Suite("Ways to wait", .serialized)
struct WaitStrategyTests {
  private func open(_ wait: WaitStrategy) throws -> SPSCChannel<Bytes24> {
    try makeRegistry().open("memory://c?capacity=4KiB&wait=\(wait)")
  }

  /// How often this thread has gone to sleep.
  private func sleeps() throws -> Int {
    let text = try readText("/proc/thread-self/status")
    let line = text.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
    return try #require(line?.split(separator: "\t").last.flatMap { Int($0) })
  }

  @Test("spinning and yielding never sleep, the others do", arguments: WaitStrategy.allCases)
  func sleeping(wait: WaitStrategy) throws {
    let channel = try open(wait)
    var receiver = try channel.receiver()
    var sender = try channel.sender()
    let before = try sleeps()
    let empty = channelError { _ = try receiver.receive(timeout: .milliseconds(60)) }
    while let loan = try sender.tryReserve() { loan.send() }
    let full = channelError { _ = try sender.reserve(timeout: .milliseconds(60)) }
    let count = try sleeps() - before
    #expect(empty == .timedOut && full == .timedOut)
    switch wait {
    case .spin, .yield: #expect(count == 0)
    case .adaptive, .park: #expect(count >= 2)
    }
  }

  @Test(
    "messages arrive, and room is found, however each side waits",
    arguments: WaitStrategy.allCases, WaitStrategy.allCases)
  func handOffs(sending: WaitStrategy, receiving: WaitStrategy) throws {
    let registry = makeRegistry()
    let messages = UInt64(Volume.messages(usual: 3000, whole: 200_000))
    func open(_ name: String, _ wait: WaitStrategy) throws -> SPSCChannel<Bytes24> {
      try registry.open(
        "memory://\(name)",
        options: ChannelOptions(
          capacity: .kibibytes(4), wait: wait))
    }
    try watched {
      // One handle for each side: the way to wait is the handle's, not the channel's.
      let there = (try open("there", sending), try open("there", receiving))
      let back = (try open("back", receiving), try open("back", sending))
      try beside {
        var receiver = try there.1.receiver()
        var sender = try back.0.sender()
        while let value = try receiver.receive()?.value { try sender.send(value) }
      } _: {
        var sender = try there.0.sender()
        var receiver = try back.1.receiver()
        for number in 0..<messages {
          // Full at times: more is sent than comes back.
          try sender.send(Bytes24(number: number))
          guard number >= 64 else { continue }
          let value = try receiver.receive()?.value
          guard value == Bytes24(number: number - 64) else { throw Wrong(message: Int(number)) }
        }
        sender.close()
        for number in messages - 64..<messages {
          let value = try receiver.receive()?.value
          guard value == Bytes24(number: number) else { throw Wrong(message: Int(number)) }
        }
      }
    }
  }
}
