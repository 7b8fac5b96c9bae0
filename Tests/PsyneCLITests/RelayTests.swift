@testable internal import PsyneCLI
internal import Psyne
internal import Synchronization
internal import Testing

/// A wire on loopback. Time is counted here, and does not pass: who waits for it moves it on.
@Suite("relay", .timeLimit(.minutes(1)))
struct RelayTests {
  /// 400 ns for a byte.
  private static let rate = 20_000_000

  private final class CountedTime: Sendable {
    private let state = Mutex<Int64>(1_000_000_000_000)

    var now: Int64 { state.withLock(\.self) }

    var clock: WireClock {
      WireClock {
        self.now
      } sleep: { deadline in
        self.state.withLock { $0 = max($0, deadline) }
      }
    }
  }

  @Test("what is sent arrives as it was, both ways, and so does the end")
  func contents() async throws {
    let server = try RelaySocket.listening()
    let relay = try Relay(
      to: server.port, bitsPerSecond: Self.rate, clock: CountedTime().clock)
    let client = try #require(RelaySocket.connected(to: relay.port))
    let sent = Self.bytes(3 << 20)
    async let echoed: Void = onThread {
      guard let far = server.accept() else { return }
      var piece = [UInt8](repeating: 0, count: 10_000)
      while let arrival = far.read(into: &piece), far.write(piece, count: arrival.count) {}
      far.end()
    }
    async let written = onThread {
      defer { client.end() }
      return client.write(sent, count: sent.count)
    }
    let received = await onThread { Self.everything(from: client) }
    await echoed
    #expect(await written)
    #expect(received == sent)
  }

  @Test("each byte takes its time, whatever the pieces")
  func rate() async throws {
    let time = CountedTime()
    let server = try RelaySocket.listening()
    let relay = try Relay(to: server.port, bitsPerSecond: Self.rate, clock: time.clock)
    let client = try #require(RelaySocket.connected(to: relay.port))
    let start = time.now
    let sent = Self.bytes(1_000_003)
    async let received = onThread { server.accept().map { Self.everything(from: $0) } }
    var next = 0
    while next < sent.count {
      let count = min(sent.count - next, next % 7001 + 1)
      #expect(client.write(Array(sent[next..<next + count]), count: count))
      next += count
    }
    client.end()
    #expect(await received == sent)
    #expect(time.now - start == Int64(sent.count) * 400)
  }

  @Test("nobody connects any more when it is closed")
  func closed() async throws {
    let server = try RelaySocket.listening()
    let relay = try Relay(to: server.port, bitsPerSecond: Self.rate)
    relay.close()
    try await eventually("it refuses") { RelaySocket.connected(to: relay.port) == nil }
  }

  @Test("in any time no more comes out than the rate and what lateness makes up for")
  func bound() {
    let seed = UInt64.random(in: 0...(.max))
    print("pace: seed \(seed)")
    var random = Noise(seed: seed)
    var pace = Pace(bitsPerSecond: Self.rate)
    var now: Int64 = 0
    // Behind each piece: when it was through, and how many bytes had come until then.
    var through: [(time: Int64, bytes: Int64)] = []
    for _ in 0..<1000 {
      let count = Int(random.below(5000) + 1)
      let end = pace.pass(count, at: now, wereReady: random.below(2) == 0)
      through.append((end, (through.last?.bytes ?? 0) + Int64(count)))
      // Early as a wire never is, in time, late, or idle for long.
      now =
        max(now, end - 1_000_000) + Int64(random.below(random.below(4) == 0 ? 50_000_000 : 1000))
    }
    for first in through.indices {
      for last in through[first...].indices {
        let time = through[last].time - through[first].time
        let bytes = through[last].bytes - through[first].bytes
        guard bytes * 400 > time + Pace.lateness else { continue }
        Issue.record("\(bytes) bytes in \(time) ns, seed \(seed)")
        return
      }
    }
  }

  @Test("a relay that wakes up late loses nothing of the rate while something is there to send")
  func late() {
    var random = Noise(seed: 1)
    var pace = Pace(bitsPerSecond: Self.rate)
    var (now, bytes) = (Int64(5), Int64(0))
    for _ in 0..<1000 {
      let count = Int(random.below(5000) + 1)
      bytes += Int64(count)
      let end = pace.pass(count, at: now, wereReady: true)
      #expect(end == 5 + bytes * 400)
      now = end + Int64(random.below(UInt64(Pace.lateness)))
    }
  }

  @Test("an idle wire saves nothing up")
  func idle() {
    var pace = Pace(bitsPerSecond: Self.rate)
    #expect(pace.pass(10, at: 100, wereReady: true) == 4100)
    #expect(pace.pass(10, at: 1_000_000_000, wereReady: false) == 1_000_004_000)
  }

  private static func bytes(_ count: Int) -> [UInt8] {
    var random = Noise(seed: 3)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private static func everything(from socket: RelaySocket) -> [UInt8] {
    var received: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 100_000)
    while let arrival = socket.read(into: &piece) { received += piece[..<arrival.count] }
    return received
  }
}

/// Runs on a thread of its own what waits for others.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    guard startServiceThread("test", { continuation.resume(returning: body()) }) else {
      fatalError("no thread can be started")
    }
  }
}
