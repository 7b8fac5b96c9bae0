import Glibc
import PsyneCore
import TestSupport
import Testing

@Suite("The life of a segment")
struct LifetimeTests {
  func inode(_ path: String) throws -> UInt64 {
    var status = stat()
    try #require(unsafe lstat(path, &status) == 0)
    return UInt64(status.st_ino)
  }

  @Test("it goes with its last party, whoever that is", arguments: [true, false])
  func lastPartyRemovesIt(creatorLeavesFirst: Bool) throws {
    let place = try Place()
    var creator: SPSCChannel<Bytes>? = try place.open("c")
    let peer = try place.peer("open c")
    let inode = try inode(place.path("c"))
    if creatorLeavesFirst { creator = nil } else { try peer.ask("close channel") }
    #expect(try self.inode(place.path("c")) == inode)
    if creatorLeavesFirst { try peer.ask("close channel") } else { creator = nil }
    #expect(place.directory.segments.isEmpty)
    _ = creator
  }

  @Test("an end keeps it when the channel's handle is gone")
  func endKeepsIt() throws {
    let place = try Place()
    let peer = try place.peer("open c", "sender", "close channel")
    #expect(place.directory.segments == ["psyne.c"])
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    #expect(try peer.ask("send 5 1 1 8 8") == "ok")
    #expect(try receiver.number() == 5)
    #expect(try peer.ask("close sender") == "ok")
    #expect(try receiver.number() == nil)
  }

  @Test("a live one is never destroyed by another opening, failing or dying")
  func liveOneStays() throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    var sender = try channel.sender()
    let inode = try inode(place.path("c"))
    for number in 0..<20 {
      let peer = try place.peer("open c", "receiver")
      if number % 2 == 0 {
        peer.kill()
      } else {
        try sender.send(number: number)
        #expect(try peer.ask("next never") == "message \(number)")
        #expect(try peer.ask("close receiver") == "ok")
      }
      #expect(
        transportError { () throws(TransportError) in _ = try place.open("c", capacity: 8192) }?
          .code == .mismatch)
      #expect(
        transportError { () throws(TransportError) in
          _ = try place.open("c", as: SPSCChannel<Text>.self)
        }?.code == .mismatch)
      #expect(try self.inode(place.path("c")) == inode)
    }
  }

  @Test("what dead parties left unread is received by whoever comes", arguments: [0, 4096])
  func adopted(capacity: Int) throws {
    let place = try Place()
    let peer = try place.peer("open c 4096", "sender", "send 0 10 1 8 8")
    let inode = try inode(place.path("c"))
    peer.kill()
    let channel = try place.open("c", capacity: capacity == 0 ? nil : capacity)
    #expect(try self.inode(place.path("c")) == inode)
    var receiver = try channel.receiver()
    for number in 0..<10 { #expect(try receiver.number() == number) }
    // Then it says how its sender ended.
    #expect(channelError { () throws(ChannelError) in _ = try receiver.number() } == .peerDied)
    // And serves its next sender.
    var sender = try channel.sender()
    try sender.send(number: 11)
    #expect(try receiver.number() == 11)
  }

  @Test("what a sender left that closed and then died is received, then the end")
  func adoptedAfterClose() throws {
    let place = try Place()
    let peer = try place.peer("open c 4096", "sender", "send 0 3 1 8 8", "close sender")
    peer.kill()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    for number in 0..<3 { #expect(try receiver.number() == number) }
    #expect(try receiver.number() == nil)
  }

  @Test("a stale one of another type or capacity is replaced without a word")
  func replaced() throws {
    for (capacity, isText) in [(8192, false), (4096, true)] {
      let place = try Place()
      let peer = try place.peer("open c 4096", "sender", "send 0 10 1 8 8")
      let stale = try inode(place.path("c"))
      peer.kill()
      if isText {
        let channel = try place.open("c", as: SPSCChannel<Text>.self)
        #expect(try inode(place.path("c")) != stale)
        var receiver = try channel.receiver()
        #expect(
          channelError { () throws(ChannelError) in _ = try receiver.receive(timeout: .zero) }
            == .timedOut)
      } else {
        let channel = try place.open("c", capacity: capacity)
        #expect(channel.capacity == capacity)
        #expect(try inode(place.path("c")) != stale)
      }
      #expect(place.directory.segments.isEmpty)
    }
  }

  @Test("a process that returns from its main program closes its channels in order")
  func returningFromMain() throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 3 1 8 8")
    try peer.finish()
    #expect(peer.wait() == .code(0))
    for number in 0..<3 { #expect(try receiver.number() == number) }
    #expect(try receiver.number() == nil)
  }

  @Test("so does one that exits with a code, and what it leaves alone is removed")
  func exiting() throws {
    let place = try Place()
    let peer = try place.peer("open c", "sender", "receiver", "send 0 3 1 8 8")
    try peer.tell("exit 3")
    #expect(peer.wait() == .code(3))
    #expect(place.directory.segments.isEmpty)
  }

  @Test("abandoning tells the other side that its peer died, and leaves nothing behind")
  func abandoning() throws {
    let place = try Place()
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let peer = try place.peer("open c", "sender", "send 0 3 1 8 8", "abandon")
    for number in 0..<3 { #expect(try receiver.number() == number) }
    #expect(channelError { () throws(ChannelError) in _ = try receiver.number() } == .peerDied)
    // The end is free while the process that abandoned it lives on.
    try channel.sender().close()
    try peer.finish()
    #expect(peer.wait() == .code(0))

    let alone = try place.open("alone")
    let end = try alone.sender()
    #expect(place.directory.segments == ["psyne.alone", "psyne.c"])
    alone.abandon()
    #expect(place.directory.segments == ["psyne.c"])
    // Once left, it is left: an end claimed now would be in nobody's segment.
    #expect(transportError { () throws(TransportError) in try alone.receiver().close() } != nil)
    end.close()
  }

  @Test("a thread that goes on sending when its process has left reaches nobody")
  func leftWhileSending() throws {
    let place = try Place()
    let leaving = try place.open("c", capacity: 4096)
    let channel = try place.open("c")
    var receiver = try channel.receiver()
    let thread = BackgroundThread { () -> ChannelError? in
      guard var sender = try? leaving.sender() else { return nil }
      return channelError { () throws(ChannelError) in
        while true { try sender.send(copying: [0].span, timeout: .milliseconds(50)) }
      }
    }
    do { _ = try receiver.receive(timeout: watchdog) }
    leaving.abandon()
    let ending = channelError { () throws(ChannelError) in
      while try receiver.receive(timeout: watchdog) != nil {}
    }
    #expect(ending == .peerDied)
    var sender = try channel.sender()
    for number in 0..<1000 {
      try sender.send(number: number)
      #expect(try receiver.number() == number)
    }
    #expect(try thread.join("it finds no room any more") == .timedOut)
  }

  @Test("two parties that die with their segment leave it to the next, which is its only user")
  func bothDie() throws {
    let place = try Place()
    let sender = try place.peer("open c", "sender", "send 0 3 1 8 8")
    let receiver = try place.peer("open c", "receiver")
    #expect(try receiver.ask("next never") == "message 0")
    sender.kill()
    receiver.kill()
    do {
      let channel = try place.open("c")
      var end = try channel.receiver()
      // The message that the dead receiver held is delivered again.
      for number in 0..<3 { #expect(try end.number() == number) }
    }
    #expect(place.directory.segments.isEmpty)
  }

  @Test("nothing is left behind: file descriptors, mappings, names")
  func noLeaks() throws {
    let place = try Place()
    let peer = try place.peer()
    func use() throws {
      for command in ["open c 4096", "sender", "receiver", "send 0 1 1 8 8"] {
        try #require(peer.ask(command) == "ok")
      }
      try #require(peer.ask("next never") == "message 0")
      for end in ["sender", "receiver", "channel"] { try peer.ask("close \(end)") }
    }
    func count() throws -> [Int] {
      [
        try listDirectory("/proc/\(peer.process)/fd").count,
        try readText("/proc/\(peer.process)/maps").split(separator: "\n").count {
          $0.contains("psyne.")
        },
        try listDirectory("/proc/\(peer.process)/task").count,
      ]
    }
    try use()
    let before = try count()
    for _ in 0..<500 { try use() }
    #expect(try count() == before)
    #expect(place.directory.segments.isEmpty)
  }
}
