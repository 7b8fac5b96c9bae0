@testable import PsyneTCP
import Testing

/// Expectations take no values that cannot be copied.
private final class Watched {
  private let streaming = Streaming()
  var isOn: Bool { streaming.isOn }
  func comesBy() { streaming.comesBy() }
  func lookLater(_ time: Int64) -> Int64? { streaming.lookLater(time) }
  func look(_ now: Int64) -> Int64? { streaming.look(now) }
}

@Suite("A sender that streams")
struct StreamingTests {
  @Test("it does so until it has not come by for a whole pause")
  func ending() throws {
    let streaming = Watched()
    #expect(!streaming.isOn && streaming.look(1) == nil)
    streaming.comesBy()
    let first = try #require(streaming.lookLater(1000))
    #expect(first == 1000 + Streaming.pause)
    #expect(streaming.lookLater(2000) == nil, "there is one")
    let second = try #require(streaming.look(first))
    #expect(streaming.isOn && second == first + Streaming.pause)
    streaming.comesBy()
    let third = try #require(streaming.look(second + 7))
    #expect(streaming.isOn && third == second + 7 + Streaming.pause)
    #expect(streaming.look(third) == nil)
    #expect(!streaming.isOn)
    #expect(streaming.lookLater(third) == third + Streaming.pause, "it can begin anew")
  }

  @Test("whatever else is due ends no stream, and the look is not forgotten for it")
  func others() throws {
    let streaming = Watched()
    streaming.comesBy()
    let time = try #require(streaming.lookLater(0))
    // The second would find that it has not come by.
    for now in [1, 2, time - 1] { #expect(streaming.look(now) == time) }
    #expect(streaming.isOn)
    let next = try #require(streaming.look(time))
    for now in [time + 1, next - 1] { #expect(streaming.look(now) == next) }
    #expect(streaming.isOn)
  }

  @Test("what was left without a stream is looked at once")
  func left() throws {
    let streaming = Watched()
    let time = try #require(streaming.lookLater(0))
    #expect(streaming.look(time) == nil && streaming.look(time + 1) == nil && !streaming.isOn)
  }
}
