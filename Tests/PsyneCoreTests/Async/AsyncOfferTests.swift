import PsyneCore
import Testing
import Traffic

extension ReactorTests {
  /// What a task's sender does when there is no room.
  @Suite("offers") struct Offers {
    @Test(
      "to fail, to drop and to wait for a while, as it is told", arguments: TrafficShape.several)
    func full(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let reading = try channel.heldReceiver()
      let sending = try channel.heldSender()
      try await Task {
        var sender = sending.take()
        let sent = try sender.fill()
        let error = await channelError { () async throws(ChannelError) in
          try await sender.offer(Item(0), whenFull: .fail)
        }
        #expect(error == .full)
        let isSent = try await sender.offer(Item(0), whenFull: .dropNewest)
        let hasLoan = try await sender.offer(whenFull: .dropNewest) != nil
        #expect(!isSent && !hasLoan && channel.statistics.drops == 2)
        #expect(channel.statistics.fullWaits == 0)
        let late = await channelError { () async throws(ChannelError) in
          try await sender.offer(Item(0), whenFull: .waitUpTo(.milliseconds(5)))
        }
        #expect(late == .timedOut && channel.statistics.fullWaits == 1)
        // The sender's own, if nothing is said.
        sender.whenFull = .dropNewest
        let isDropped = try await !sender.offer(Item(0))
        #expect(isDropped && channel.statistics.drops == 3)
        #expect(channel.statistics.messages == sent)
      }.value
      var receiver = reading.take()
      var next = 0
      while let number = try receiver.number() {
        #expect(number == next)
        next += 1
      }
      #expect(next == channel.statistics.messages)
    }

    @Test("to wait until there is room", arguments: TrafficShape.several)
    func wait(_ shape: TrafficShape) async throws {
      let channel = try makeItems(shape)
      let reading = try channel.heldReceiver()
      let sending = try channel.heldSender()
      let task = Task {
        var sender = sending.take()
        let sent = try sender.fill()
        let isSent = try await sender.offer(Item(sent))
        #expect(isSent)
        return sent
      }
      try await Reactor.shared.hasSome()
      var receiver = reading.take()
      var next = 0
      while let number = try await receiver.next()?.value.number {
        #expect(number == next)
        next += 1
      }
      #expect(try await task.value + 1 == next)
    }

    @Test("every body can be offered")
    func bodies() async throws {
      let registry = makeRegistry()
      let options = ChannelOptions(capacity: .kibibytes(4), full: .dropNewest)
      let bytes: SPSCChannel<Bytes> = try registry.open("memory://bytes", options: options)
      var bytesSender = try bytes.sender()
      while try await bytesSender.offer(copying: [UInt8](repeating: 1, count: 1000)) {}
      #expect(bytes.statistics.messages == 4 && bytes.statistics.drops == 1)
      let floats: SPSCChannel<FloatVector> = try registry.open("memory://floats", options: options)
      var floatsSender = try floats.sender()
      while let loan = try await floatsSender.offer(count: 250) { loan.send() }
      #expect(floats.statistics.messages == 4 && floats.statistics.drops == 1)
      let texts: SPSCChannel<Text> = try registry.open("memory://texts", options: options)
      var textSender = try texts.sender()
      while try await textSender.offer(String(repeating: "a", count: 1000)) {}
      #expect(texts.statistics.messages == 4 && texts.statistics.drops == 1)
      let matrices: SPSCChannel<DoubleMatrix> = try registry.open(
        "memory://matrices", options: options)
      var matrixSender = try matrices.sender()
      while let loan = try await matrixSender.offer(rows: 5, columns: 25) { loan.send() }
      #expect(matrices.statistics.messages == 4 && matrices.statistics.drops == 1)
      let mixed: SPSCChannel<Mixed> = try registry.open("memory://mixed", options: options)
      var mixedSender = try mixed.sender()
      while let loan = try await mixedSender.offer(Bytes.self, count: 932) {
        loan.send()
        guard try await mixedSender.offer(Item(0)) else { break }
      }
      #expect(mixed.statistics.drops == 1)
    }
  }
}
