import Synchronization
import Testing
import Traffic

@testable import PsyneCore

/// A thread that calls a handler for each message.
@Suite("Listener")
struct ListenerTests {
  private struct Refused: Error {}

  /// What was told to somebody else's closure.
  private final class Log<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }

    func await(count: Int) {
      watched { while all.count < count { pauseBriefly() } }
    }
  }

  @Test(
    "every message is handled, in order, by sender after sender", arguments: TrafficShape.several)
  func handles(_ shape: TrafficShape) throws {
    let channel = try makeItems(shape)
    let numbers = Log<Int>()
    let listener = try channel.listen { numbers.add($0.value.number) }
    #expect(listener.isListening)
    for round in 0..<10 {
      var sender = try channel.sender()
      try sender.send(numbers: 100 * round..<100 * (round + 1))
    }
    numbers.await(count: 1000)
    listener.stop()
    if shape.producers == 1 {
      #expect(numbers.all == Array(0..<1000))
    } else {
      #expect(numbers.all.sorted() == Array(0..<1000))
    }
  }

  @Test(
    "when it has stopped, the end is free and the rest is in the channel",
    arguments: TrafficShape.several)
  func stop(_ shape: TrafficShape) throws {
    for _ in 0..<50 {
      let channel = try makeItems(TrafficShape(shape.kind, shape.producers, 1))
      let numbers = Log<Int>()
      let listener = try channel.listen { numbers.add($0.value.number) }
      #expect(failure { _ = try channel.receiver() }?.code == .inUse)
      var sender = try channel.sender()
      try sender.send(numbers: 0..<1)
      pauseBriefly()
      listener.stop()
      #expect(!listener.isListening)
      var receiver = try channel.receiver()
      guard shape.kind != .broadcast else { continue }
      try sender.send(numbers: 1..<2)
      let rest = try receiver.numbersNow()
      #expect(numbers.all + rest == [0, 1])
    }
  }

  @Test("it is stopped while it waits, while it handles, and more than once")
  func stopAnywhere() throws {
    let channel = try makeItems(TrafficShape(several: .spsc))
    let (isHandling, mayGoOn) = (Flag(), Flag())
    let listener = try channel.listen { _ in
      isHandling.set()
      mayGoOn.await()
    }
    var sender = try channel.sender()
    try sender.send(numbers: 0..<3)
    isHandling.await()
    let stopper = TestThread { listener.stop() }
    watched { while !listener.isStopping.load(ordering: .relaxed) { pauseBriefly() } }
    // It waits for the handler to return.
    #expect(listener.isListening)
    mayGoOn.set()
    try watched {
      try stopper.join()
      listener.stop()
      listener.wait()
    }
    var receiver = try channel.receiver()
    let rest = try receiver.numbersNow()
    #expect(rest == [1, 2])
  }

  @Test("the handler itself can stop it")
  func stopFromInside() throws {
    let channel = try makeItems(TrafficShape(several: .mpsc))
    let numbers = Log<Int>()
    let listener = Mutex<Listener?>(nil)
    let isKnown = Flag()
    let started = try channel.listen { message in
      isKnown.await()
      numbers.add(message.value.number)
      if message.value.number == 4 { listener.withLock { $0?.stop() } }
    }
    listener.withLock { $0 = started }
    isKnown.set()
    var sender = try channel.sender()
    try sender.send(numbers: 0..<10)
    watched { started.wait() }
    #expect(numbers.all == [0, 1, 2, 3, 4])
    #expect(!started.isListening)
    var receiver = try channel.receiver()
    let rest = try receiver.numbersNow()
    #expect(rest == [5, 6, 7, 8, 9])
  }

  @Test("what the handler throws is told, and the next message handled")
  func handlerErrors() throws {
    let channel = try makeItems(TrafficShape(several: .spsc))
    let (numbers, errors) = (Log<Int>(), Log<any Error>())
    let listener = try channel.listen(onError: { errors.add($0) }) { message in
      if message.value.number % 2 == 1 { throw Refused() }
      numbers.add(message.value.number)
    }
    var sender = try channel.sender()
    try sender.send(numbers: 0..<20)
    numbers.await(count: 10)
    errors.await(count: 10)
    listener.stop()
    #expect(errors.all.allSatisfy { $0 is Refused })
    #expect(numbers.all == Array(stride(from: 0, to: 20, by: 2)))
  }

  @Test("what a broadcast has lost is told, and the listener goes on; an eviction ends it")
  func channelErrors() throws {
    for policy in [SlowReaderPolicy.lose, .evict] {
      let channel = try makeItems(
        TrafficShape(.broadcast, 1, 1),
        options: ChannelOptions(capacity: .kibibytes(4), slow: policy))
      let (numbers, errors) = (Log<Int>(), Log<any Error>())
      let (isHandling, mayGoOn) = (Flag(), Flag())
      let listener = try channel.listen(onError: { errors.add($0) }) { message in
        numbers.add(message.value.number)
        isHandling.set()
        mayGoOn.await()
      }
      var sender = try channel.sender()
      try sender.send(numbers: 0..<1)
      isHandling.await()
      try sender.send(numbers: 1..<2000)
      mayGoOn.set()
      errors.await(count: 1)
      switch (policy, errors.all[0] as? ChannelError) {
      case (.lose, .lost(let count)):
        numbers.await(count: 2000 - count)
        listener.stop()
        #expect(numbers.all.count + count == 2000 && errors.all.count == 1)
      case (.evict, .evicted):
        watched { listener.wait() }
        #expect(!listener.isListening)
        listener.stop()
      default: Issue.record("\(errors.all)")
      }
    }
  }

  @Test("each type has its handler; others are counted and told")
  func types() throws {
    let channel: MPSCChannel<Mixed> = try makeRegistry().open("memory://mixed")
    let (items, floats, errors) = (Log<Int>(), Log<Float>(), Log<any Error>())
    let listener = try channel.listen(onError: { errors.add($0) }) { handlers in
      handlers.on(Item.self) { items.add($0.value.number) }
      handlers.on(FloatVector.self) { message in
        floats.add(message[0])
        if message[0] == 3 { throw Refused() }
      }
    }
    var sender = try channel.sender()
    for number in 0..<10 {
      try sender.send(Item(number))
      try sender.send(FloatVector.self, copying: [Float(number)].span)
      if number % 3 == 0 { try sender.send("nobody's") }
    }
    items.await(count: 10)
    floats.await(count: 10)
    errors.await(count: 5)
    listener.stop()
    #expect(items.all == Array(0..<10) && floats.all == (0..<10).map { Float($0) })
    #expect(listener.unknownMessages == 4)
    let unknown = errors.all.compactMap { $0 as? ListenerError }
    #expect(unknown == Array(repeating: .unknownType(.text), count: 4))
    #expect(errors.all.count { $0 is Refused } == 1)
  }

  @Test("several listeners share the work of one channel")
  func several() throws {
    let count = Volume.messages(usual: 50_000, whole: 1_000_000)
    let channel = try makeItems(TrafficShape(.spmc, 1, 4))
    let (sum, handled) = (Counter(), Counter())
    let listeners = try (0..<4).map { _ in
      try channel.listen(share: 8) { message in
        sum.add(message.value.number)
        handled.add(1)
      }
    }
    try watched {
      var sender = try channel.sender()
      try sender.send(numbers: 0..<count)
      try sender.drain(timeout: .seconds(60))
    }
    for listener in listeners { listener.stop() }
    #expect(handled.value == count && sum.value == count * (count - 1) / 2)
  }
}
