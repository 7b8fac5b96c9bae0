import PsyneCore
import Testing

/// Receivers that follow each other on a channel whose receivers share the messages.
@Suite("Receivers of a shared channel, one after the other")
struct SuccessionTests {
  @Test("one that has nothing to read holds nothing, whatever was read before it came")
  func idle() throws {
    let channel: SPMCChannel<Bytes24> = try makeRegistry().open(
      "memory://test", options: ChannelOptions(capacity: .kibibytes(4), consumers: 2))
    var sender = try channel.sender()
    for first in stride(from: 0, to: 2000, by: 200) as StrideTo<UInt64> {
      // Each takes the slot of the one before.
      var receiver = try channel.receiver()
      let isNothing = try receiver.tryReceive() == nil
      #expect(isNothing)
      for batch in [100, 70, 30] as [UInt64] {
        for number in 0..<batch {
          try sender.send(Bytes24(number: first + number), timeout: .zero)
        }
        for number in 0..<batch {
          let value = try receiver.tryReceive()?.value
          #expect(value == Bytes24(number: first + number))
        }
        let isDry = try receiver.tryReceive() == nil
        #expect(isDry)
        try sender.drain(timeout: .zero)
      }
    }
  }
}
