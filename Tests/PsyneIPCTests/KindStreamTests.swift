import PsyneCore
import TestSupport
import Testing
import Traffic

/// Every kind of channel between processes, each of which holds one end.
@Suite("Kinds between processes: volume", .serialized)
struct KindStreamTests {
  @Test("structs", arguments: TrafficShape.all)
  func items(_ shape: TrafficShape) throws { try run(ItemCargo.self, "items", shape) }

  @Test("bytes of every length from none to the whole lane", arguments: TrafficShape.all)
  func bytes(_ shape: TrafficShape) throws { try run(BytesCargo.self, "bytes", shape) }

  @Test("messages of several types", arguments: TrafficShape.all)
  func mixed(_ shape: TrafficShape) throws { try run(MixedCargo.self, "mixed", shape) }

  private func run<Sent: Cargo>(
    _ cargo: Sent.Type, _ name: String, _ shape: TrafficShape
  ) throws {
    let each = (isVerifying ? 10_000_000 : 100_000) / shape.producers
    let place = try Place()
    let senders = try (0..<shape.producers).map { try place.trafficPeer("sender", shape, $0, name) }
    let receivers = try (0..<shape.consumers).map {
      try place.trafficPeer("receiver", shape, $0, name)
    }
    for peer in receivers + senders { try peer.tell("traffic-run \(each)") }
    let limit = Duration.seconds(isVerifying ? 3600 : 600)
    for peer in senders { #expect(try peer.reply(to: "traffic-run", within: limit) == "ok") }
    var total = TrafficReport(producers: 0)
    for peer in receivers {
      let reply = try peer.reply(to: "traffic-run", within: limit)
      total = total + (try #require(TrafficReport(text: reply), "\(reply)"))
    }
    #expect(
      total
        == TrafficReport(cargo, producers: shape.producers, each: each, copies: shape.copies))
  }

  @Test("a broadcast that loses: what each receiver gets and misses adds up to what was sent")
  func lose() throws {
    let count = isVerifying ? 5_000_000 : 200_000
    let shape = TrafficShape(.broadcast, 1, 4)
    let place = try Place()
    let sender = try place.trafficPeer("sender", shape, 0, "bytes", "lose")
    let receivers = try (0..<4).map { try place.trafficPeer("receiver", shape, $0, "bytes") }
    // One of them stands still all the time, wherever it happens to be.
    for peer in receivers { try peer.tell("traffic-run \(count)") }
    try receivers[0].stop()
    #expect(try sender.ask("traffic-run \(count)") == "ok")
    receivers[0].goOn()
    for peer in receivers {
      let reply = try peer.reply(to: "traffic-run")
      let report = try #require(TrafficReport(text: reply), "\(reply)")
      #expect(report.count + report.lost == count)
      #expect(report.damaged == 0 && report.disordered == 0)
    }
  }
}

extension Place {
  /// A peer with one end of a channel of traffic.
  fileprivate func trafficPeer(
    _ role: String, _ shape: TrafficShape, _ index: Int, _ cargo: String, _ slow: String = ""
  ) throws -> Peer {
    try peer(
      "traffic \(role) c \(shape.kind.rawValue) \(shape.producers) \(shape.consumers) \(index) \(cargo) \(slow)"
    )
  }
}
