import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@Suite("Parties that fork or run another program")
struct ForkTests {
  @Test("a forked child keeps its parent alive in the eyes of its peer, until it ends too")
  func childInherits() throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 1 1 8 8")
    let child = try #require(Int32(peer.ask("fork stays")))
    peer.kill()
    #expect(try receiver.number() == 0)
    #expect(
      channelError { () throws(ChannelError) in _ = try receiver.number(timeout: .milliseconds(300))
      }
        == .timedOut)
    #expect(
      transportError { () throws(TransportError) in try channel.claim("sender") }?.code == .inUse)
    #expect(kill(child, SIGKILL) == 0)
    #expect(channelError { () throws(ChannelError) in _ = try receiver.number() } == .peerDied)
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
