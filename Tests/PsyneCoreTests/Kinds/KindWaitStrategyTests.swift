import PsyneCore
import Testing
import Traffic

/// Each way to wait, on each side of each kind.
@Suite("Kinds: ways to wait", .serialized)
struct KindWaitStrategyTests {
  @Test(
    "messages arrive however each side waits", arguments: TrafficShape.several,
    WaitStrategy.allCases)
  func mixed(_ shape: TrafficShape, _ strategy: WaitStrategy) throws {
    let each = Volume.messages(usual: 10_000, whole: 500_000)
    let strategies = WaitStrategy.allCases
    let first = strategies.firstIndex(of: strategy) ?? 0
    let channel = try makeItems(shape)
    // The senders all wait in one way, and the receivers each in another.
    let report = try carry(
      ItemCargo.self, each: each, through: channel, sending: strategy,
      receiving: { strategies[(first + $0 + 1) % strategies.count] }, as: { _ in .receive })
    let expected = TrafficReport(
      ItemCargo.self, producers: shape.producers, each: each, copies: shape.copies)
    #expect(report == expected)
  }
}
