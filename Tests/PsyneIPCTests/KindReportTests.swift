import Glibc
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

  @Test("a sender counts on where one has died", arguments: TrafficShape.several)
  func deaths(_ shape: TrafficShape) throws {
    let place = try Place()
    let channel = try place.open(shape)
    var receiver = try channel.receiver()
    let message = [UInt8](repeating: 1, count: 100)
    var sent = 0
    for count in [1, 60, 37, 5, 90, 40] {
      let there = try place.open(shape)
      var sender = try there.sender()
      // More than a lane holds, or less.
      for _ in 0..<count {
        try sender.send(copying: message.span)
        sent += 1
        #expect(channel.statistics.messages == sent)
        let isThere = try receiver.tryReceive() != nil
        #expect(isThere)
      }
      there.abandon()
      sender.close()
      #expect(channelError { () throws(ChannelError) in _ = try receiver.receive() } == .peerDied)
      #expect(channel.statistics.messages == sent)
    }
  }

  @Test(
    "who looks at a damaged channel is not harmed, and changes nothing",
    arguments: [
      (Int.max, Int.max - 7), (Int.max - 7, Int.max), (.min, .min), (-8, 0), (0, -8),
      (1 << 62, 1 << 62), ((1 << 62) - 8, (1 << 62) - 80), (4, 0), (0, 4), (4096, 0), (8192, 0),
      (80, -1),
    ])
  func damaged(_ tail: Int, _ counted: Int) throws {
    let place = try Place()
    for kind in ChannelKind.allCases {
      var image = SegmentImage(shape: .several(kind, capacity: 4096))
      // Holes, which have no memory.
      let lane = SegmentLayout.lane(image.shape.lanes - 1, of: image.shape)
      image.put(Int64(tail), at: lane + LaneLayout.tail)
      image.put(Int64(counted), at: lane + LaneLayout.counted)
      image.put(Int64(7), at: lane + LaneLayout.messages)
      try writeFile(place.path("c"), Array(image.bytes.prefix(image.data)))
      try #require(unsafe truncate(place.path("c"), image.bytes.count) == 0)
      let before = try blocks(place.path("c"))
      let report = try IPCTransport(directory: place.directory.path).report(on: "ipc://c")
      // Frames of zeros are empty messages, where it is possible that they were sent.
      #expect([7, 7 + (tail &- counted) / 8, 0].contains(report.statistics.messages), "\(kind)")
      #expect(try blocks(place.path("c")) == before, "\(kind)")
    }
  }

  private func blocks(_ path: String) throws -> Int {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    return status.st_blocks
  }
}
