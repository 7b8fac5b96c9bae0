import Synchronization
import Testing
import Traffic

@testable import PsyneCore

/// Who has to be woken by whom, where several share a channel.
@Suite("Kinds: wake-ups")
struct KindWakeUpTests {
  @Test("a broadcast's sender that drains is woken when the last message is released")
  func drain() throws {
    let channel = try makeItems(TrafficShape(.broadcast, 1, 2))
    let sending = try channel.heldSender()
    var receiver = try channel.receiver()
    let isReady = Flag()
    let thread = TestThread {
      var sender = sending.take()
      // The last of them lies in another lane than the first.
      try sender.send(numbers: 0..<70)
      isReady.set()
      try sender.drain()
    }
    isReady.await()
    for number in 0..<69 { #expect(try receiver.number() == number) }
    #expect(try receiver.number() == 69)
    unsafe untilAsleep(channel.opened.lanes.lanes[0].word(LaneLayout.senderParked))
    receiver.release()
    try watched { try thread.join() }
  }

  @Test("what the next sender in a lane has sent is found behind the last one's ending")
  func succession() throws {
    let channel = try makeItems(TrafficShape(.mpsc, 2, 1))
    var receiver = try channel.receiver()
    for round in 0..<3 {
      do {
        let sender = try channel.sender()
        sender.close()
      }
      var next = try channel.sender()
      try next.send(Item(round))
      #expect(try receiver.numberNow() == round)
    }
  }

  @Test("a receiver that waits for the end is told when another has finished with the last message")
  func end() throws {
    let channel = try makeItems(TrafficShape(.spmc, 1, 2))
    var holder = try channel.receiver()
    let waiting = try channel.heldReceiver(waiting: .park)
    do {
      var sender = try channel.sender()
      try sender.send(Item(7))
    }
    #expect(try holder.number() == 7)
    let thread = TestThread {
      var receiver = waiting.take()
      guard try receiver.receive() == nil else { throw Wrong(message: 7) }
    }
    unsafe untilAsleep(channel.opened.lanes.channel.word(1, ChannelLayout.parked))
    holder.release()
    try watched { try thread.join() }
  }

  /// Waits until somebody says that it sleeps on the word.
  private func untilAsleep(_ word: UnsafeMutablePointer<Atomic<UInt32>>) {
    watched { while unsafe word.pointee.load(ordering: .relaxed) == 0 { pauseBriefly() } }
  }

  @Test("impossible counters of receivers add up to no trap")
  func counters() throws {
    let channel = try makeItems(TrafficShape(.mpmc, 2, 2))
    for slot in 0..<2 {
      for offset in [ChannelLayout.emptyWaits, ChannelLayout.redeliveries, ChannelLayout.lost] {
        unsafe channel.opened.lanes.channel.counter(slot, offset).pointee
          .store(.max, ordering: .relaxed)
      }
    }
    let statistics = channel.statistics
    #expect(statistics.emptyWaits > 0 && statistics.redeliveries > 0 && statistics.lost > 0)
  }
}

extension Receiver where Body == Item {
  fileprivate mutating func numberNow() throws(ChannelError) -> Int? {
    try tryReceive()?.value.number
  }
}
