import COpenSSL
import Glibc
import PsyneCore
import Synchronization
import TestSupport
import Testing

@testable import PsyneTCP
@testable import PsyneTLS

/// Peers that want to keep us busy.
@Suite("Floods")
struct FloodTests {
  /// What a peer can have us do when the handshake is over.
  enum Chore: CaseIterable { case newKeys, newKeysOfOurs, tickets }

  @Test(
    "whoever has us make new keys, or take tickets, without end is let go before it has cost much",
    arguments: [
      (true, .newKeys), (true, .newKeysOfOurs), (false, .newKeys), (false, .newKeysOfOurs),
      (false, .tickets),
    ] as [(Bool, Chore)])
  func endless(_ isServer: Bool, _ chore: Chore) throws {
    let place = try Place()
    try place.server()
    let (end, raw) = try place.met(isServer: isServer)
    // Within bounds.
    for _ in 0..<20 { #expect(raw.isAsking(chore)) }
    (raw.outgoing, end.outgoing) = ([1, 2, 3], [4])
    pump(end, raw)
    #expect(end.error == nil && end.received == [1, 2, 3] && raw.received == [4])
    for _ in 0..<500 { #expect(raw.isAsking(chore)) }
    #expect(end.take(raw.give(65536)[...]) > 10000)
    end.step()
    #expect(end.error?.code == .corrupt)
    #expect(end.error?.message.contains("without end") == true)
    // What it wanted is not done: each would have been answered by 27 bytes.
    let answer = end.give(65536)
    #expect(answer.count < 40 * 27)
    _ = raw.take(answer[...])
    raw.step()
    #expect(raw.error == nil && raw.hasEnded, "it is told that it is the end")
  }

  @Test("some of it is allowed at once, and one a second")
  func allowance() {
    var allowance = MessageAllowance()
    let start: Int64 = 77_000_000_000
    for _ in 0..<MessageAllowance.atOnce { allowance.use(at: start) }
    #expect(!allowance.isExceeded)
    for second in 1...100 as ClosedRange<Int64> {
      allowance.use(at: start + second * 1_000_000_000)
    }
    #expect(!allowance.isExceeded)
    // What was saved in a day is no more than that.
    for _ in 0..<MessageAllowance.atOnce { allowance.use(at: start + 86_400_000_000_000) }
    #expect(!allowance.isExceeded)
    allowance.use(at: start + 86_400_900_000_000)
    #expect(allowance.isExceeded)
  }

  @Test("a handshake in crumbs has its turn, and no more")
  func crumbs() throws {
    let place = try Place()
    try place.server()
    let (doors, name) = try Socket.listening(host: "127.0.0.1", port: 0)
    defer { for door in doors { door.close() } }
    // So that more fits into it than is looked at in a turn.
    doors[0].set(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
    let other = try LocalSocket(port: UInt16(name.split(separator: ":").last ?? "") ?? 0)
    var socket: Socket?
    try eventually("it is there") {
      socket = doors[0].accept()
      return socket != nil
    }
    let ours = try #require(socket)
    defer { ours.close() }
    // A hello of 130,000 bytes, each in a record of its own: the library takes them, and has nothing to say.
    let hello: [UInt8] = [1, 1, 0xfb, 0xd0] + Array(repeating: 0, count: 60_000)
    try other.say(hello.flatMap { [0x16, 3, 3, 0, 1, $0] })
    try eventually("enough has come") { ours.unreadBytes > 300_000 }
    let stream = TLSStream(try place.listener().session(), over: ours, tokens: [])
    var turns = 0
    while true {
      var byte: UInt8 = 0
      let count = unsafe withUnsafeMutableBytes(of: &byte) { byte in
        unsafe stream.receive(byte, UnsafeMutableRawBufferPointer(start: nil, count: 0))
      }
      let number = errno
      #expect(count == -1)
      guard number == EINTR else {
        #expect(number == EAGAIN)
        break
      }
      turns += 1
    }
    #expect(turns >= 2)
  }
}

extension Socket {
  /// What the system has for it.
  fileprivate var unreadBytes: Int {
    var count: Int32 = 0
    _ = unsafe ioctl(descriptor, UInt(FIONREAD), &count)
    return Int(count)
  }
}
