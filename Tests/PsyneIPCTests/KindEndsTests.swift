import PsyneCore
import PsyneIPC
import TestSupport
import Testing
import Traffic

/// Ends of every kind in several processes: who holds them, who leaves, who dies, who stands still.
@Suite("Kinds between processes: ends")
struct SharedKindEndsTests {
  static let shapes = TrafficShape.several

  @Test("an end too many is refused, and the error names all who hold them", arguments: shapes)
  func claims(_ shape: TrafficShape) throws {
    let place = try Place()
    let channel = try place.open(shape)
    for (role, count) in [("sender", shape.producers), ("receiver", shape.consumers)] {
      let peers = try (0..<count).map { _ in try place.peer(shape, role) }
      let error = transportError { () throws(TransportError) in try channel.claim(role) }
      #expect(error?.code == .inUse)
      for peer in peers {
        #expect(error?.message.contains("process \(peer.process) (psyne-test-peer") == true)
      }
      // The end of one that dies is free.
      peers[0].kill()
      #expect(transportError { () throws(TransportError) in try channel.claim(role) } == nil)
    }
  }

  @Test("a sender's death is told once, behind what it had sent; the others go on",
    arguments: [ChannelKind.mpsc, .mpmc])
  func senderDies(_ kind: ChannelKind) throws {
    let place = try Place()
    let channel = try place.open(TrafficShape(kind, 3, 2))
    let shape = TrafficShape(kind, 3, 2)
    var receiver = try channel.receiver()
    let victim = try place.peer(shape, "sender")
    let other = try place.peer(shape, "sender")
    try #require(victim.ask("send 0 5 1 8 8") == "ok")
    try #require(other.ask("send 100 3 1 8 8") == "ok")
    victim.kill()
    var numbers: [Int] = []
    var deaths = 0
    while numbers.count < 8 || deaths < 1 {
      do throws(ChannelError) {
        numbers.append(try receiver.number() ?? -1)
      } catch {
        #expect(error == .peerDied)
        deaths += 1
        #expect(Set(numbers).isSuperset(of: 0..<5), "what it had sent comes first")
      }
    }
    #expect(numbers.sorted() == [0, 1, 2, 3, 4, 100, 101, 102])
    try #require(other.ask("send 103 1 1 8 8") == "ok")
    let next = try receiver.number()
    #expect(next == 103)
    // Its lane is somebody else's now.
    var heir = try channel.sender()
    try heir.send(number: 200)
    let heirs = try receiver.number()
    #expect(heirs == 200 && deaths == 1)
    heir.close()
    try #require(other.ask("close sender") == "ok")
    let end = try receiver.number()
    #expect(end == nil)
  }

  @Test("a sender's death is told to every receiver", arguments: [ChannelKind.spmc, .broadcast])
  func lastSenderDies(_ kind: ChannelKind) throws {
    let place = try Place()
    let shape = TrafficShape(kind, 1, 3)
    let kept = try place.open(shape)
    let sender = try place.peer(shape, "sender")
    let receivers = try (0..<3).map { _ in try place.peer(shape, "receiver") }
    for peer in receivers { try peer.tell("next never") }
    sender.kill()
    for peer in receivers { #expect(try peer.reply(to: "next") == "error peerDied") }
    #expect(kept.consumers == 3)
  }

  @Test("what a receiver had claimed when it closed, the others get",
    arguments: [ChannelKind.spmc, .mpmc])
  func receiverCloses(_ kind: ChannelKind) throws {
    let place = try Place()
    let shape = TrafficShape(several: kind)
    let channel = try place.open(shape)
    var sender = try channel.sender()
    let leaves = try place.peer(shape, "receiver")
    var stays = try channel.receiver()
    for number in 0..<100 { try sender.send(number: number) }
    try #require(leaves.ask("next 0") == "message 0")
    var numbers = try stays.numbersNow()
    #expect(numbers.count < 99)
    try #require(leaves.ask("close receiver") == "ok")
    numbers += try stays.numbersNow()
    #expect(numbers.sorted() == Array(1..<100))
  }

  @Test("a dead receiver's messages are delivered again, and counted; each says that it may be one",
    arguments: [ChannelKind.spmc, .mpmc])
  func receiverDies(_ kind: ChannelKind) throws {
    let place = try Place()
    let shape = TrafficShape(several: kind)
    let channel = try place.open(shape)
    var sender = try channel.sender()
    let victim = try place.peer(shape, "receiver")
    var stays = try channel.receiver()
    for number in 0..<100 { try sender.send(number: number) }
    try #require(victim.ask("next 0") == "message 0")
    try #require(victim.ask("next 0") == "message 1")
    var numbers = try stays.numbersNow()
    victim.kill()
    var redelivered: [Int] = []
    try eventually("its messages come") {
      while let message = try stays.tryReceive() {
        let number = Pattern.sequence(of: message.elements) ?? -1
        numbers.append(number)
        if message.isRedelivery { redelivered.append(number) }
      }
      return numbers.count == 99
    }
    // The first it had finished with; the second was lent to it.
    #expect(numbers.sorted() == Array(1..<100) && redelivered == [1])
    #expect(channel.statistics.redeliveries == 1)
    let seen = try IPCTransport(directory: place.directory.path).report(on: "ipc://c")
    #expect(seen.statistics.redeliveries == 1)
  }

  @Test("a stopped receiver holds back only what it has claimed, and is not dead",
    arguments: [ChannelKind.spmc, .mpmc])
  func receiverStops(_ kind: ChannelKind) throws {
    let place = try Place()
    let shape = TrafficShape(several: kind)
    let channel = try place.open(shape)
    var sender = try channel.sender()
    let stopped = try place.peer(shape, "receiver 4")
    var busy = try channel.receiver()
    for number in 0..<20 { try sender.send(number: number) }
    try #require(stopped.ask("next 0") == "message 0")
    try stopped.stop()
    var numbers = try busy.numbersNow()
    for number in 20..<100 {
      try sender.send(number: number)
      numbers += try busy.numbersNow()
    }
    #expect(numbers == Array(4..<100))
    // However long others look for what the dead have left: past several looks after peers.
    let error = channelError { () throws(ChannelError) in
      _ = try busy.receive(timeout: .milliseconds(300))
    }
    #expect(error == .timedOut)
    #expect(
      transportError { () throws(TransportError) in try channel.claim("receiver") }?.code == .inUse)
    stopped.goOn()
    for number in 1..<4 { #expect(try stopped.ask("next never") == "message \(number)") }
    #expect(channel.statistics.redeliveries == 0)
  }

  @Test("a broadcast goes on though every receiver stands still in the middle of a message")
  func broadcastStops() throws {
    let place = try Place()
    let shape = TrafficShape(.broadcast, 1, 3)
    let channel = try place.open(shape, slow: .lose)
    var sender = try channel.sender()
    let peers = try (0..<3).map { _ in try place.peer(shape, "receiver") }
    try sender.send(number: 7)
    for peer in peers {
      try #require(peer.ask("next 0") == "message 7")
      try peer.stop()
    }
    for number in 0..<50_000 { try sender.send(number: number) }
    #expect(channel.statistics.fullWaits == 0)
    try sender.send(number: 123)
    for peer in peers {
      peer.goOn()
      // It goes on where it stood, then hears how much it has missed.
      var next = 0
      while next < 50_000 {
        let reply = try peer.ask("next 0")
        if let lost = lostCount(reply) {
          next += lost
        } else {
          try #require(reply == "message \(next)")
          next += 1
        }
      }
      #expect(try peer.ask("next 0") == "message 123")
    }
  }

  private func lostCount(_ reply: String) -> Int? {
    guard reply.hasPrefix("error lost ") else { return nil }
    return Int(reply.dropFirst(11))
  }

  @Test("a receiver of a broadcast that dies holds nothing back")
  func broadcastReceiverDies() throws {
    let place = try Place()
    let shape = TrafficShape(.broadcast, 1, 2)
    let channel = try place.open(shape)
    var sender = try channel.sender(waiting: .park)
    let peer = try place.peer(shape, "receiver")
    try sender.send(number: 1)
    try #require(peer.ask("next 0") == "message 1")
    var sent = 1
    while try sender.offer(copying: [UInt8](repeating: 0, count: 64).span, whenFull: .dropNewest) {
      sent += 1
    }
    #expect(sent > 1)
    peer.signal(9)
    for number in 0..<1000 { try sender.send(number: number) }
    // Its cursor is somebody else's.
    var first = try channel.receiver()
    var second = try channel.receiver()
    try sender.send(number: 5)
    let (one, two) = (try first.number(), try second.number())
    #expect(one == 5 && two == 5)
  }

  @Test("kinds and numbers of ends are told apart between processes")
  func mismatches() throws {
    let place = try Place()
    let kept = try place.open(TrafficShape(.mpmc, 2, 2))
    let peer = try place.peer()
    for command in ["open-as c 5 1 2 4096", "open-as c 4 3 2 4096", "open-as c 4 2 3 4096"] {
      #expect(try peer.ask(command).hasPrefix("error mismatch"))
    }
    #expect(try peer.ask("open-as c 4 2 2 4096") == "ok")
    #expect(kept.producers == 2)
  }
}

extension Place {
  /// A channel "c" with lanes of 4 KiB.
  func open(
    _ shape: TrafficShape, slow: SlowReaderPolicy? = nil
  ) throws(TransportError) -> any Channel<Bytes> {
    try shape.open(
      "ipc://c", of: Bytes.self, in: registry,
      options: ChannelOptions(capacity: .kibibytes(4), slow: slow))
  }

  /// A peer that holds an end of it.
  func peer(_ shape: TrafficShape, _ end: String) throws -> Peer {
    try peer(
      "open-as c \(shape.kind.rawValue) \(shape.producers) \(shape.consumers) 4096", end)
  }
}

extension Channel {
  /// Claims an end and drops it.
  fileprivate func claim(_ role: String) throws(TransportError) {
    if role == "sender" { try sender().close() } else { try receiver().close() }
  }
}

extension Receiver where Body == Bytes {
  /// The numbers of what is there now.
  mutating func numbersNow() throws(ChannelError) -> [Int] {
    var numbers: [Int] = []
    while let message = try tryReceive() {
      numbers.append(Pattern.sequence(of: message.elements) ?? -1)
    }
    return numbers
  }
}
