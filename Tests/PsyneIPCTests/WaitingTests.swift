import Glibc
import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("Waiting", .serialized)
struct WaitingTests {
  /// A peer whose end waits, asleep: its thread is in the kernel and stays there.
  func sleeper(_ place: Place, _ commands: [String], _ wait: String) throws -> Peer {
    let peer = try place.peer("open c 4096")
    for command in commands { try #require(peer.ask(command) == "ok") }
    try peer.tell(wait)
    try untilAsleep(peer)
    return peer
  }

  func untilAsleep(_ peer: Peer) throws {
    try eventually("it sleeps") {
      try readText("/proc/\(peer.process)/syscall").hasPrefix("\(futexCall) ")
    }
  }

  /// The number of the system call `futex`.
  var futexCall: Int {
    #if arch(x86_64)
      202
    #else
      98
    #endif
  }

  // MARK: The other side leaves

  @Test("closing wakes a receiver that sleeps: the end of the stream")
  func closeWakesReceiver() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let sender = try channel.sender()
    let peer = try sleeper(place, ["receiver"], "next never")
    sender.close()
    #expect(try peer.reply(to: "next") == "closed")
    // Asked again, it says so again.
    #expect(try peer.ask("next never") == "closed")
  }

  @Test("closing wakes a sender that sleeps: nobody will read")
  func closeWakesSender() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let receiver = try channel.receiver()
    let peer = try sleeper(place, ["sender", "send 0 1 1 4000 4000"], "room 4000 never")
    receiver.close()
    #expect(try peer.reply(to: "room") == "error closed")
  }

  @Test("death wakes a receiver that sleeps, zombie or not, after the last message")
  func deathWakesReceiver() throws {
    let place = try Place()
    let sender = try place.peer("open c 4096", "sender")
    let peer = try sleeper(place, ["receiver"], "next never")
    #expect(try sender.ask("send 4 1 1 8 8") == "ok")
    #expect(try peer.reply(to: "next") == "message 4")
    try peer.tell("next never")
    try untilAsleep(peer)
    sender.signal(SIGKILL)
    #expect(try peer.reply(to: "next") == "error peerDied")
  }

  @Test("death wakes a sender that sleeps")
  func deathWakesSender() throws {
    let place = try Place()
    let receiver = try place.peer("open c 4096", "receiver")
    let peer = try sleeper(place, ["sender", "send 0 1 1 4000 4000"], "room 4000 never")
    receiver.signal(SIGKILL)
    #expect(try peer.reply(to: "room") == "error peerDied")
  }

  @Test("a death is told to who sleeps for long, too", arguments: ["kill", "fork", "exec"])
  func deathWakesLongSleeper(manner: String) throws {
    let place = try Place()
    let sender = try place.peer("open c 4096", "sender")
    let peer = try sleeper(place, ["receiver"], "next never")
    let child = manner == "fork" ? try Int32(sender.ask("fork stays")) : nil
    try untilIdle(peer)
    switch manner {
    case "exec":
      // The process lives on as another program, and has let go of everything.
      try sender.tell("exec")
    case "fork":
      sender.kill()
      try untilIdle(peer)
      kill(try #require(child), SIGKILL)
    default: sender.kill()
    }
    #expect(try peer.reply(to: "next") == "error peerDied")
  }

  @Test("a peer that dies while nobody waits is told to who asks next")
  func deathBeforeWaiting() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    var receiver = try channel.receiver()
    let sender = try place.peer("open c", "sender", "send 0 1 1 8 8")
    sender.kill()
    #expect(try receiver.number() == 0)
    #expect(channelError { () throws(ChannelError) in _ = try receiver.number() } == .peerDied)
    // Polling finds out as well.
    let next = try place.peer("open c", "sender")
    next.kill()
    try eventually("polling finds out") {
      channelError { () throws(ChannelError) in _ = try receiver.tryReceive() } == .peerDied
    }
  }

  @Test("a receiver that has seen one sender's end serves the next, and the next")
  func senderAfterSender() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let peer = try place.peer("open c", "receiver")
    for number in 0..<20 {
      var sender = try channel.sender()
      try peer.tell("next never")
      try untilAsleep(peer)
      try sender.send(number: number)
      #expect(try peer.reply(to: "next") == "message \(number)")
      try peer.tell("next never")
      try untilAsleep(peer)
      sender.close()
      #expect(try peer.reply(to: "next") == "closed")
    }
  }

  @Test("a death is told to who waits only briefly, again and again", arguments: [0, 5])
  func deathBetweenBriefWaits(milliseconds: Int) throws {
    let timeout = Duration.milliseconds(milliseconds)
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    do {
      var receiver = try channel.receiver()
      let peer = try place.peer("open c", "sender")
      peer.kill()
      try eventually("the receiver is told") {
        channelError { () throws(ChannelError) in _ = try receiver.receive(timeout: timeout) }
          == .peerDied
      }
    }
    var sender = try channel.sender()
    let peer = try place.peer("open c", "receiver")
    try sender.send(copying: [UInt8](repeating: 0, count: 4000).span)
    peer.kill()
    try eventually("the sender is told") {
      channelError { () throws(ChannelError) in
        _ = try sender.reserve(count: 4000, timeout: timeout)
      } == .peerDied
    }
  }

  @Test("a receiver that died before a sender came has not left that sender")
  func deathBeforeClaim() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let first = try channel.sender()
    let peer = try place.peer("open c", "receiver")
    peer.kill()
    first.close()
    var sender = try channel.sender()
    try sender.send(copying: [UInt8](repeating: 0, count: 4000).span)
    #expect(
      channelError { () throws(ChannelError) in try sender.drain(timeout: .milliseconds(120)) }
        == .timedOut)
  }

  // MARK: Stopped is not dead

  @Test("a stopped peer is not dead, for however long it is stopped")
  func stopped() throws {
    let place = try Place()
    let sender = try place.peer("open c 4096", "sender")
    let peer = try sleeper(place, ["receiver"], "next never")
    try sender.stop()
    try untilIdle(peer)
    #expect(try peer.status("State").hasPrefix("S"))
    #expect(
      transportError { () throws(TransportError) in try place.open("c").claim("sender") }?.code
        == .inUse)
    sender.goOn()
    #expect(try sender.ask("send 3 1 1 8 8") == "ok")
    #expect(try peer.reply(to: "next") == "message 3")
  }

  // MARK: Deadlines

  @Test("zero polls, and any other time ends the wait; on both sides")
  func timeouts() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for timeout in [
      Duration.zero, .seconds(-1), .nanoseconds(1), .milliseconds(5), .milliseconds(120),
    ] {
      let start = ContinuousClock.now
      #expect(
        channelError { () throws(ChannelError) in _ = try receiver.receive(timeout: timeout) }
          == .timedOut)
      // It may be late, never early.
      #expect(ContinuousClock.now - start >= timeout)
    }
    try sender.send(copying: [UInt8](repeating: 0, count: 4000).span)
    for timeout in [
      Duration.zero, .seconds(-1), .nanoseconds(1), .milliseconds(5), .milliseconds(120),
    ] {
      let start = ContinuousClock.now
      #expect(
        channelError { () throws(ChannelError) in
          _ = try sender.reserve(count: 4000, timeout: timeout)
        } == .timedOut)
      #expect(ContinuousClock.now - start >= timeout)
    }
    // What is there is had whatever the deadline.
    let count = try receiver.receive(timeout: .zero)?.count
    #expect(count == 4000)
    receiver.release()
    try sender.send(copying: [1].span, timeout: .zero)
  }

  // MARK: Idleness

  /// Waits until none of its threads has run for two seconds: as often and as long as before, says the
  /// scheduler. A look every so often would show; that it may take a while to become quiet is fine.
  func untilIdle(_ peer: Peer) throws {
    try eventually("it is idle") {
      let before = try peer.activity()
      pass(microseconds: 2_000_000)
      return try peer.activity() == before
    }
  }

  @Test("who waits for a living peer does not run at all", arguments: ["receiver", "sender"])
  func idle(end: String) throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let peer: Peer
    if end == "receiver" {
      let sender = try channel.sender()
      peer = try sleeper(place, ["receiver"], "next never")
      try untilIdle(peer)
      sender.close()
      #expect(try peer.reply(to: "next") == "closed")
    } else {
      let receiver = try channel.receiver()
      peer = try sleeper(place, ["sender", "send 0 1 1 4000 4000"], "room 4000 never")
      try untilIdle(peer)
      receiver.close()
      #expect(try peer.reply(to: "room") == "error closed")
    }
  }

  // MARK: Wake-ups

  @Test("a receiver that sleeps on after its waker died is woken by whoever comes next")
  func receiversWakerDied() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let peer = try sleeper(place, ["receiver"], "next never")
    try leaveAsleep(peer, place, ChannelLayout.slots + ChannelLayout.parked) {
      _ = try channel.sender()
    }
    #expect(try peer.reply(to: "next") == "closed")
  }

  @Test("a sender that sleeps on after its waker died is woken by whoever comes next")
  func sendersWakerDied() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    let peer = try sleeper(place, ["sender", "send 0 1 1 4000 4000"], "room 4000 never")
    try leaveAsleep(peer, place, ChannelLayout.headerBytes + LaneLayout.senderParked) {
      _ = try channel.receiver()
    }
    #expect(try peer.reply(to: "room") == "error closed")
  }

  /// Does to a sleeper what a waker does that dies halfway: takes its announcement back, and no more.
  /// Then somebody comes, and goes.
  func leaveAsleep(_ peer: Peer, _ place: Place, _ word: Int, _ visit: () throws -> Void) throws {
    // So long that it does not look for itself any more.
    try untilIdle(peer)
    let segment = try Scribbler(path: place.path("c"))
    let announcement = SegmentLayout.headers + word
    #expect(segment.get(UInt32.self, at: announcement) == 1)
    segment.put(UInt32(0), at: announcement)
    try visit()
  }

  @Test("no wake-up is lost where it meets the other side going to sleep")
  func handOffs() throws {
    let count = isVerifying ? 1_000_000 : 50_000
    let place = try Place()
    // Each opens both channels; this process only keeps them.
    let kept = try ["there", "back"].map { try place.open($0, capacity: 4096) }
    let peers = try [place.peer(), place.peer()]
    let replies = [
      BackgroundThread { try peers[0].finishEcho("echo \(count) there back begins") },
      BackgroundThread { try peers[1].finishEcho("echo \(count) back there answers") },
    ]
    // One message is under way: if both sleep, it has not woken whom it should have.
    var (bothAsleep, looks) = (0, 0)
    while !replies.allSatisfy(\.hasEnded) {
      if try areAsleepTogether(peers) { bothAsleep += 1 }
      looks += 1
      pass(microseconds: 2000)
    }
    for reply in replies { #expect(try reply.join() == "done \(count)") }
    #expect(bothAsleep == 0)
    print("handOffs: \(2 * count) hand-offs, \(looks) looks, both asleep in \(bothAsleep)")
    #expect(kept.count == 2)
  }

  /// Whether there was a moment at which both slept: each is seen asleep twice, the times overlap, and
  /// neither ran meanwhile. One that has been woken and waits for its CPU to notice is still in its
  /// system call, but its state says that it is to run.
  func areAsleepTogether(_ peers: [Peer]) throws -> Bool {
    func look() throws -> [String] {
      try peers.map { peer in
        let call = try readText("/proc/\(peer.process)/syscall")
        let state = try readText("/proc/\(peer.process)/stat").split(separator: ") ").last
        guard call.hasPrefix("\(futexCall) "), state?.first == "S" else { return "" }
        return try readText("/proc/\(peer.process)/schedstat")
      }
    }
    let first = try look()
    guard !first.contains("") else { return false }
    return try look() == first
  }
}

extension Peer {
  fileprivate func finishEcho(_ command: String) throws -> String {
    try tell(command)
    return try reply(to: command, within: .seconds(isVerifying ? 3600 : 600))
  }
}
