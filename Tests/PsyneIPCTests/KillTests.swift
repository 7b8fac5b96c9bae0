import PsyneCore
import Synchronization
import TestSupport
import Testing

@Suite("Killing either side at random moments", .serialized)
struct KillTests {
  /// At least 8 bytes, so that each message says which it is.
  static func pattern(_ seed: UInt64) -> Pattern {
    Pattern(seed: seed, smallest: 8, largest: 4096 - 8)
  }

  static var kills: Int { isVerifying ? 5000 : 200 }

  /// From the moment it starts to well into the stream.
  static func moment(_ random: inout SeededGenerator) -> UInt64 {
    UInt64.random(in: 0...(Bool.random(using: &random) ? 3_000 : 15_000), using: &random)
  }

  @Test(
    "whoever waits is told of its peer's death, however it waits", arguments: WaitStrategy.allCases)
  func ways(wait: WaitStrategy) throws {
    let place = try Place()
    let channel: SPSCChannel<Bytes> = try place.registry.open("ipc://c?wait=\(wait)")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 1 1 8 8")
    #expect(try receiver.number() == 0)
    let waiter = BackgroundThread { [receiver = Handed(receiver)] in
      receiver.use { end in channelError { () throws(ChannelError) in _ = try end.number() } }
    }
    peer.kill()
    #expect(try waiter.join("the waiter is told") == .peerDied)
  }

  @Test("a killed sender loses nothing that it had sent, and its receiver is told")
  func sender() throws {
    let place = try Place()
    let board = try place.scoreboard()
    let channel = try place.open("c", capacity: 4096)
    var receiver = try channel.receiver()
    let seed = makeSeed("KillTests.sender")
    var random = SeededGenerator(seed: seed)
    let pattern = Self.pattern(seed)
    var (expected, told, beforeClaim) = (0, 0, 0)
    // So many kills of senders that had their end; those before it come on top.
    while told < Self.kills {
      board[.sent] = expected
      let peer = try place.peer()
      let killer = BackgroundThread { [expected, moment = Self.moment(&random)] in
        for command in ["open c", "sender", "send \(expected) 100000000 \(seed) 8 4088"] {
          try? peer.tell(command)
        }
        pass(microseconds: moment)
        peer.kill()
      }
      // Reads meanwhile, so that the sender is killed in full flight.
      while !killer.hasEnded {
        let end = drain(&receiver, pattern, &expected, timeout: .milliseconds(1))
        guard end == .timedOut || end == .peerDied else { return }
        // The last one's death, told again until the next has come.
        if end == .peerDied { try? receiver.awaitSender(timeout: .milliseconds(1)) }
      }
      _ = try killer.join()
      let hadClaimed = peer.remainingReplies().count >= 2
      // Unless it was killed before, the receiver is told: after the last message.
      let end = drain(
        &receiver, pattern, &expected, timeout: hadClaimed ? watchdog : .milliseconds(60))
      if hadClaimed { told += 1 } else { beforeClaim += 1 }
      #expect(end == .peerDied || (!hadClaimed && end == .timedOut))
      // Every send that returned has arrived, and at most the one that was about to return.
      #expect(expected == board[.sent] || expected == board[.sent] + 1)
    }
    print(
      "KillTests.sender: \(told) kills, each told, and \(beforeClaim) before it had its end; "
        + "\(expected) messages, none lost, torn or doubled")
  }

  /// Receives until there is nothing more, and says why.
  func drain(
    _ receiver: inout Receiver<Bytes>, _ pattern: Pattern, _ expected: inout Int, timeout: Duration
  ) -> ChannelError? {
    while true {
      do throws(ChannelError) {
        let message = try receiver.receive(timeout: timeout)
        guard let message else {
          Issue.record("an orderly end from a killed sender")
          return nil
        }
        guard pattern.matches(message.elements, expected) else {
          Issue.record("message \(expected) is torn, lost or doubled")
          return nil
        }
        expected += 1
      } catch {
        return error
      }
    }
  }

  @Test("a killed receiver costs nothing: the next goes on, with at most the one message it held")
  func receiver() throws {
    let place = try Place()
    let board = try place.scoreboard()
    let channel = try place.open("c", capacity: 4096)
    let seed = makeSeed("KillTests.receiver")
    var random = SeededGenerator(seed: seed)
    let stream = Stream(try channel.sender(), Self.pattern(seed))
    let sending = BackgroundThread { stream.run() }
    var (again, beforeClaim, told) = (0, 0, 0)
    while true {
      let isLast = told == Self.kills
      let before = board[.received]
      board[.began] = -1
      let peer = try place.peer()
      for command in ["open c", "receiver", "receive -1 100000000 \(seed) 8 4088"] {
        try peer.tell(command)
      }
      if isLast {
        // The last one takes everything.
        try eventually("the last receiver has begun") { board[.began] >= 0 }
        stream.stop()
      } else {
        pass(microseconds: Self.moment(&random))
        peer.kill()
      }
      let replies =
        !isLast
        ? peer.remainingReplies() : try (0..<3).map { _ in try peer.reply(to: "receive") }
      if replies.count < 2 {
        beforeClaim += 1
      } else if !isLast {
        // When the lane is full, and again and again until the next receiver has come.
        let before = stream.told
        try eventually("the sender is told") { stream.told > before }
        told += 1
      }
      let began = board[.began]
      if began >= 0 {
        #expect(
          began == before || began == before - 1,
          "lost or doubled: \(before) were read, then came \(began)")
        if began < before { again += 1 }
      }
      #expect(board[.errors] == 0, "a torn message")
      if isLast {
        #expect(
          replies.last?.hasSuffix("\(stream.sent) closed") == true, "\(replies) of \(stream.sent)")
        break
      }
    }
    _ = try sending.join()
    print(
      "KillTests.receiver: \(told) kills, each told, and \(beforeClaim) before it had its end; "
        + "\(stream.sent) messages, none lost or torn, \(again) seen again by the next receiver")
  }
}

/// Sends without end, whatever becomes of its receivers.
final class Stream: Sendable {
  private let end: Mutex<Sender<Bytes>?>
  private let pattern: Pattern
  private let counts = Mutex<(sent: Int, told: Int, isStopped: Bool)>((0, 0, false))

  init(_ end: consuming Sender<Bytes>, _ pattern: Pattern) {
    self.end = Mutex(consume end)
    self.pattern = pattern
  }

  var sent: Int { counts.withLock { $0.sent } }
  /// How often it was told that its receiver had died.
  var told: Int { counts.withLock { $0.told } }
  func stop() { counts.withLock { $0.isStopped = true } }

  func run() {
    guard var sender = end.withLock({ $0.take() }) else { return }
    while !counts.withLock({ $0.isStopped }) {
      let sequence = sent
      do throws(ChannelError) {
        var loan = try sender.reserve(count: pattern.length(sequence), timeout: .milliseconds(500))
        var elements = loan.elements
        pattern.fill(&elements, sequence)
        loan.send()
        counts.withLock { $0.sent += 1 }
      } catch .timedOut {
        // Nobody has come yet.
      } catch {
        counts.withLock { $0.told += 1 }
        // Told again until the next has come.
        try? sender.awaitReceiver(timeout: .milliseconds(1))
      }
    }
  }
}
