import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("Races to open, claim and leave", .serialized)
struct RaceTests {
  @Test("two processes that open at the same moment get one segment, each time")
  func creating() throws {
    let rounds = isVerifying ? 20_000 : 1000
    let place = try Place()
    let board = try place.scoreboard()
    let sender = try place.peer()
    let receiver = try place.peer()
    try sender.tell("race sender \(rounds)")
    try receiver.tell("race receiver \(rounds)")
    #expect(try receiver.reply(to: "race") == "ok")
    #expect(try sender.reply(to: "race") == "ok")
    #expect(board[.received] == rounds)
    #expect(place.directory.segments.isEmpty)
  }

  @Test("two threads that open at the same moment get one segment, each time")
  func creatingInThreads() throws {
    let place = try Place()
    let board = try place.scoreboard()
    for round in 1...500 {
      let meet: @Sendable () -> Void = {
        board.add(.ready)
        while board[.ready] < 2 * round {}
      }
      let sending = BackgroundThread {
        meet()
        var sender = try place.open("c-\(round)", capacity: 4096).sender()
        try sender.send(number: round)
        try sender.drain(timeout: watchdog)
      }
      meet()
      var receiver = try place.open("c-\(round)", capacity: 4096).receiver()
      #expect(try receiver.number() == round)
      #expect(place.directory.segments == ["psyne.c-\(round)"])
      #expect(try receiver.number() == nil)
      try sending.join()
    }
    #expect(place.directory.segments.isEmpty)
  }

  @Test("openers that race with leavers never share an end, never fail, and leave nothing")
  func openingAndLeaving() throws {
    let place = try Place()
    let board = try place.scoreboard()
    let peers = try (0..<4).map { _ in try place.peer() }
    for (index, peer) in peers.enumerated() {
      try peer.tell("churn \(index < 3 ? "sender" : "receiver")")
    }
    let goal = isVerifying ? 1_000_000 : 50_000
    try eventually("they have come and gone often enough") { board[.operations] > goal }
    board[.stop] = 1
    for peer in peers { #expect(try peer.reply(to: "churn") == "ok") }
    #expect(board[.errors] == 0)
    for peer in peers {
      try peer.finish()
      #expect(peer.wait() == .code(0))
    }
    #expect(place.directory.segments.isEmpty)
  }

  @Test("a process killed while it creates, opens or claims never stands in the way")
  func killedOpeners() throws {
    let seed = makeSeed("killedOpeners")
    var random = SeededGenerator(seed: seed)
    let place = try Place()
    let board = try place.scoreboard()
    let kills = isVerifying ? 2000 : 200
    for kill in 0..<kills {
      let first = try place.peer()
      let second = try place.peer()
      let before = board[.operations]
      try first.tell("churn sender")
      try second.tell("churn receiver")
      // Killed where it stands: mostly in the middle of opening, claiming or leaving.
      try eventually("they come and go") { board[.operations] > before + kill % 50 }
      pass(microseconds: UInt64.random(in: 0...300, using: &random))
      first.kill()
      pass(microseconds: UInt64.random(in: 0...100, using: &random))
      second.kill()
      board[.holder] = 0
      // Whatever they left is of use.
      let channel = try place.open("churn", capacity: 4096)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      #expect(place.directory.segments == ["psyne.churn"])
      try sender.send(number: kill)
      var last: Int?
      while last != kill {
        do throws(ChannelError) {
          // What the dead had sent comes first, and that they died.
          let message = try receiver.receive(timeout: watchdog)
          if let message { last = Pattern.sequence(of: message.elements) }
        } catch {
          try #require(error == .peerDied)
        }
      }
    }
    #expect(board[.errors] == 0)
    #expect(place.directory.segments.isEmpty)
    print("killedOpeners: \(2 * kills) kills")
  }

  @Test("a process that stops in the middle of opening keeps others waiting, not for ever")
  func stoppedOpener() throws {
    let place = try Place()
    let channel = try place.open("c")
    let gate = try HeldLock(path: place.path("c"), offset: 0)
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == .busy)
    #expect(error?.message.contains(place.path("c")) == true)
    gate.release()
    _ = try place.open("c")
    #expect(channel.capacity > 0)
  }

  @Test("whoever waits for one that stopped in the gate says for whom, and goes on when it does")
  func stoppedInGate() throws {
    let log = DiagnosticLog.shared
    let place = try Place()
    let channel = try place.open("c")
    let peer = try place.peer("open c")
    // The gate is held, and the peer was the last to take it.
    let gate = try HeldLock(path: place.path("c"), offset: SegmentLayout.gateLock)
    let claiming = BackgroundThread { () -> Bool in (try? channel.sender()) != nil }
    try eventually("it is reported") { !log.messages(.stuck, mentioning: place.path("c")).isEmpty }
    let message = log.messages(.stuck, mentioning: place.path("c"))[0]
    #expect(message.contains("process \(peer.process) (psyne-test-peer"), "\(message)")
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == .busy)
    #expect(error?.message.contains("process \(peer.process)") == true)
    #expect(!claiming.hasEnded)
    gate.release()
    #expect(try claiming.join())
  }

  @Test("a process ends, though another of its threads waits for one that stopped in the gate")
  func exitAtGate() throws {
    let place = try Place()
    let channel = try place.open("c")
    let peer = try place.peer("open c")
    let gate = try HeldLock(path: place.path("c"), offset: SegmentLayout.gateLock)
    try #require(peer.ask("sender-aside") == "ok")
    // It has the end's lock, and is on its way to the gate.
    try eventually("it claims") {
      try HeldLock.isTaken(path: place.path("c"), offset: SegmentLayout.senderLocks)
    }
    try peer.tell("exit 0")
    #expect(peer.wait() == .code(0))
    gate.release()
    #expect(channel.capacity > 0)
  }
}
