import PsyneCore
import PsyneIPC
import TestSupport
import Testing
import Traffic

/// What can be seen of a channel by its parties, and by a process that has no part in it.
@Suite("Kinds between processes: statistics")
struct KindReportTests {
  @Test("all see the same", arguments: TrafficShape.several)
  func counts(_ shape: TrafficShape) throws {
    let place = try Place()
    let channel = try place.open(shape)
    let stranger = try place.peer()
    let peer = try place.peer(shape, "sender")
    var receiver = try channel.receiver()
    _ = channelError { () throws(ChannelError) in
      _ = try receiver.receive(timeout: .milliseconds(1))
    }
    try #require(peer.ask("send 0 10 1 56 56") == "ok")
    // A broadcast has another lane for it.
    let room = try peer.ask("room 4000 1")
    #expect(room == (shape.kind == .broadcast ? "ok" : "error timedOut"))
    for number in 0..<4 {
      let received = try receiver.number()
      #expect(received == number)
    }
    let seen = channel.statistics
    #expect(seen.messages == 10 && seen.bytes == 640 && seen.emptyWaits == 1)
    #expect(seen.fullWaits == (shape.kind == .broadcast ? 0 : 1))
    #expect(seen.highWaterMark > 0)
    let report = try IPCTransport(directory: place.directory.path).report(on: "ipc://c")
    #expect(report.statistics == seen)
    #expect(report.shape.kind == shape.kind && report.shape.producers == shape.producers)
    let expected = [
      seen.messages, seen.bytes, seen.unreadBytes, seen.fullWaits, seen.emptyWaits, seen.drops,
      seen.redeliveries, seen.lost, seen.highWaterMark,
    ]
    #expect(try stranger.ask("statistics c") == expected.map(String.init).joined(separator: " "))
    // To look changes nothing.
    #expect(channel.statistics == seen)
  }

  @Test("drops are seen from everywhere", arguments: TrafficShape.several)
  func drops(_ shape: TrafficShape) throws {
    let place = try Place()
    let channel = try place.open(shape)
    let other = try place.open(shape)
    let reading = try other.receiver()
    var sender = try channel.sender()
    let message = [UInt8](repeating: 1, count: 1000)
    while try sender.offer(copying: message.span, whenFull: .dropNewest) {}
    for _ in 0..<4 { try sender.offer(copying: message.span, whenFull: .dropNewest) }
    let report = try IPCTransport(directory: place.directory.path).report(on: "ipc://c")
    #expect(report.statistics == channel.statistics)
    #expect(report.statistics.messages * 1008 == report.statistics.bytes)
    #expect(channel.statistics.drops == 5 && other.statistics.drops == 5)
    #expect(report.statistics.drops == 5 && report.statistics.senders[0].drops == 5)
    reading.close()
  }
}
