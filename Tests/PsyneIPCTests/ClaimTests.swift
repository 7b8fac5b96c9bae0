import PsyneCore
import TestSupport
import Testing

@Suite("Claiming an end")
struct ClaimTests {
  @Test("a second claim names the process that holds the end", arguments: ["sender", "receiver"])
  func heldElsewhere(end: String) throws {
    let place = try Place()
    let peer = try place.peer("open c", end)
    let channel = try place.open("c")
    let error = transportError { () throws(TransportError) in try channel.claim(end) }
    #expect(error?.code == .inUse)
    #expect(error?.message.contains("the \(end)") == true)
    #expect(
      error?.message.contains("process \(peer.process) (psyne-test-peer") == true,
      "\(String(describing: error))")
  }

  @Test(
    "a second claim in the same process fails, through the same handle or another",
    arguments: ["sender", "receiver"])
  func heldHere(end: String) throws {
    let place = try Place()
    let first = try place.open("c")
    let second = try place.open("c")
    let sender = end == "sender" ? try first.sender() : nil
    let receiver = end == "receiver" ? try first.receiver() : nil
    let same = transportError { () throws(TransportError) in try first.claim(end) }
    #expect(same?.code == .inUse)
    #expect(same?.message.contains("by this process") == true)
    let other = transportError { () throws(TransportError) in try second.claim(end) }
    #expect(other?.code == .inUse)
    _ = consume sender
    _ = consume receiver
    try first.claim(end)
    try second.claim(end)
  }

  @Test("the end of a dead process can be claimed at once", arguments: ["sender", "receiver"])
  func holderDied(end: String) throws {
    let place = try Place()
    let channel = try place.open("c")
    let peer = try place.peer("open c", end)
    // Not waited for: a zombie is dead.
    peer.signal(9)
    try eventually("the kernel drops its locks") {
      transportError { () throws(TransportError) in try channel.claim(end) } == nil
    }
    peer.wait()
  }

  @Test("an end that was dropped can be claimed by another process")
  func passedOn() throws {
    let place = try Place()
    let peer = try place.peer("open c", "sender")
    let channel = try place.open("c")
    #expect(try peer.ask("close sender") == "ok")
    var sender = try channel.sender()
    #expect(try peer.ask("sender").hasPrefix("error inUse"))
    try sender.send(number: 1)
    sender.close()
    #expect(try peer.ask("sender") == "ok")
  }

  @Test("no more than the segment's table of parties can have it open")
  func manyParties() throws {
    let place = try Place()
    var channels: [SPSCChannel<Bytes>] = []
    for _ in 0..<64 { channels.append(try place.open("c", capacity: 4096)) }
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == .inUse)
    #expect(error?.message.contains("64") == true)
    channels.removeLast()
    _ = try place.open("c")
    channels.removeAll()
    #expect(place.directory.segments.isEmpty)
  }
}

extension SPSCChannel {
  /// Claims an end and drops it.
  func claim(_ end: String) throws(TransportError) {
    if end == "sender" { try sender().close() } else { try receiver().close() }
  }
}
