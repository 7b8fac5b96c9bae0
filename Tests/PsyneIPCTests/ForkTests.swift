import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@Suite("Parties that fork or run another program")
struct ForkTests {
  @Test("a process that is killed has died, although a child that it had forked lives")
  func childOutlives() throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 1 1 8 8")
    let child = try #require(Int32(peer.ask("fork stays")))
    defer { _ = kill(child, SIGKILL) }
    #expect(try receiver.number() == 0)
    let waiter = BackgroundThread { [receiver = Handed(receiver)] in
      receiver.use { end in channelError { () throws(ChannelError) in _ = try end.number() } }
    }
    peer.kill()
    #expect(try waiter.join("the waiter is told") == .peerDied)
    // Its end is free, and its part in the segment is over.
    _ = try channel.sender()
    #expect(kill(child, 0) == 0)
  }

  @Test("what a child has inherited is dropped without harm to files of its own")
  func childReusesNumbers() throws {
    let place = try Place()
    let channel = try place.open("c")
    let peer = try place.peer("open c", "sender")
    #expect(Int32(try peer.ask("fork reuses")) != nil)
    #expect(
      transportError { () throws(TransportError) in try channel.claim("sender") }?.code == .inUse)
  }

  @Test("a forked child opens channels of its own, and closes them in order")
  func childOpens() throws {
    let place = try Place()
    let channel = try place.open("child")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender")
    #expect(Int32(try peer.ask("fork opens")) != nil)
    #expect(try receiver.number() == 7)
    #expect(try receiver.number() == nil)
    #expect(place.directory.segments == ["psyne.c", "psyne.child"])
  }

  @Test(
    "a forked child that exits or drops its ends does not close its parent's channels",
    arguments: ["exits", "drops"])
  func childEnds(manner: String) throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 1 1 8 8")
    #expect(Int32(try peer.ask("fork \(manner)")) != nil)
    #expect(
      transportError { () throws(TransportError) in try channel.claim("sender") }?.code == .inUse)
    #expect(try peer.ask("send 1 1 1 8 8") == "ok")
    #expect(try receiver.number() == 0)
    #expect(try receiver.number() == 1)
    #expect(place.directory.segments == ["psyne.c"])
  }

  @Test("a process that becomes another program has left: its peer is told that it died")
  func exec() throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 1 1 8 8")
    #expect(try receiver.number() == 0)
    let waiter = BackgroundThread { [receiver = Handed(receiver)] in
      receiver.use { end in channelError { () throws(ChannelError) in _ = try end.number() } }
    }
    try peer.tell("exec")
    #expect(try waiter.join("the waiter is told") == .peerDied)
  }
}

/// An end on its way to another thread.
final class Handed: Sendable {
  private let end: Mutex<Receiver<Bytes>?>

  init(_ end: consuming Receiver<Bytes>) { self.end = Mutex(consume end) }

  func use<Value: Sendable>(_ body: (inout Receiver<Bytes>) -> Value) -> Value? {
    end.withLock { end in
      guard var taken = end.take() else { return nil }
      let value = body(&taken)
      end = consume taken
      return value
    }
  }
}
