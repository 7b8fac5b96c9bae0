import PsyneCore
import Testing
import Traffic

/// Every kind of channel with 1, 2 and 8 of each end: each message arrives whole, as often as it is to,
/// and in the order of its sender.
@Suite("Kinds: volume", .serialized)
struct KindVolumeTests {
  @Test("structs", arguments: TrafficShape.all)
  func items(_ shape: TrafficShape) throws { try run(ItemCargo.self, shape) }

  @Test("bytes of every length from none to the whole lane", arguments: TrafficShape.all)
  func bytes(_ shape: TrafficShape) throws { try run(BytesCargo.self, shape) }

  @Test("messages of several types", arguments: TrafficShape.all)
  func mixed(_ shape: TrafficShape) throws { try run(MixedCargo.self, shape) }

  private func run<Sent: Cargo>(_ cargo: Sent.Type, _ shape: TrafficShape) throws {
    let each = Volume.messages(usual: 200_000, whole: 10_000_000) / shape.producers
    let channel = try shape.open("memory://volume", of: Sent.Body.self, in: makeRegistry())
    let report = try carry(
      cargo, each: each, through: channel, minutes: 30, as: ReceiveStyle.init(ofReceiver:))
    let expected = TrafficReport(
      cargo, producers: shape.producers, each: each, copies: shape.copies)
    #expect(report == expected)
    let statistics = channel.statistics
    #expect(statistics.messages == each * shape.producers)
    #expect(statistics.drops == 0 && statistics.lost == 0 && statistics.redeliveries == 0)
  }
}
