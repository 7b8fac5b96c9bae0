import PsyneCore
import Testing

/// Several messages reserved, sent, and received at once.
@Suite("Batches")
struct BatchTests {
  @Test("structs in batches of random lengths arrive in order and whole, however they are read")
  func structs() throws {
    try structs(Byte1.self)
    try structs(Bytes3.self)
    try structs(Bytes24.self)
    try structs(Vector64.self)
  }

  private func structs<Body: Numbered>(_ body: Body.Type) throws {
    let messages = Volume.messages(usual: 2_000_000, whole: 20_000_000)
    let seed = Seed.random(for: "batches of \(body)")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Body.self)
      let most = channel.capacity / MemoryLayout<Body>.stride
      try beside {
        var random = seed
        var sender = try channel.sender()
        var number = 0
        while number < messages {
          let wanted = min(1 + random.below(random.below(20) == 0 ? most : 16), messages - number)
          let sent = random.below(wanted + 1)
          var loan = try sender.reserve(batch: wanted)
          guard loan.count == wanted else { throw Wrong(message: number) }
          for index in 0..<sent { loan[index] = Body(number: UInt64(number &+ index)) }
          if sent == wanted { loan.send() } else { loan.send(count: sent) }
          number += sent
        }
      } _: {
        var random = SeededRandom(seed: 7)
        var receiver = try channel.receiver()
        var number = 0
        while number < messages {
          if random.below(3) == 0 {
            guard let message = try receiver.receive() else { throw Wrong(message: number) }
            guard message.value == Body(number: UInt64(number)) else {
              throw Wrong(message: number)
            }
            number += 1
          } else {
            let limit = 1 + random.below(40)
            let received: Message<Body>? = try receiver.receive(batch: limit)
            guard let received else { throw Wrong(message: number) }
            let elements = received.elements
            guard elements.count >= 1, elements.count <= limit else {
              throw Wrong(message: number)
            }
            for index in elements.indices
            where elements[index] != Body(number: UInt64(number &+ index)) {
              throw Wrong(message: number &+ index)
            }
            number += elements.count
          }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }

  @Test("batches of bytes that are left early go on with the message that was not taken")
  func bytes() throws {
    let messages = Volume.messages(usual: 3_000_000, whole: 30_000_000)
    let seed = Seed.random(for: "batches of bytes")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Bytes.self)
      try beside {
        var random = seed
        var sender = try channel.sender()
        for number in 0..<messages {
          let size = VolumeTests.size(&random, largest: channel.largestMessage)
          var loan = try sender.reserve(count: size)
          Pattern.fill(&loan, number)
          if number % 5 == 0 { loan.send() } else { loan.stage() }
        }
      } _: {
        var random = seed
        var limits = SeededRandom(seed: 3)
        var receiver = try channel.receiver()
        var number = 0
        while var batch = try receiver.receive(batch: 1 + limits.below(30)) {
          var left = limits.below(40)
          while left > 0, let message = try batch.next() {
            let size = VolumeTests.size(&random, largest: channel.largestMessage)
            guard message.count == size, Pattern.matches(message, number) else {
              throw Wrong(message: number)
            }
            number += 1
            left -= 1
          }
        }
        #expect(number == messages)
      }
    }
  }

  @Test("a batch has at most as many messages as were asked for, and all of them stay lent")
  func lent() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<10 {
      var loan = try sender.reserve(count: number)
      Pattern.fill(&loan, number)
      loan.send()
    }
    do {
      guard var batch = try receiver.receive(batch: 4, timeout: .zero) else {
        throw Wrong(message: 0)
      }
      guard let none = try batch.next(), let one = try batch.next(), let two = try batch.next(),
        let three = try batch.next()
      else { throw Wrong(message: 0) }
      let isEnd = try batch.next() == nil
      let areWhole =
        none.count == 0 && Pattern.matches(one, 1) && Pattern.matches(two, 2)
        && Pattern.matches(three, 3)
      #expect(isEnd && areWhole)
    }
    for number in 4..<10 {
      let isRight = try receiver.pollMatches(number, count: number)
      #expect(isRight)
    }
    let error = channelError { _ = try receiver.receive(batch: 4, timeout: .zero) }
    #expect(error == .timedOut)
    sender.close()
    let isEnd = try receiver.receive(batch: 4) == nil
    #expect(isEnd)
  }

  @Test("a batch that nothing was taken from takes nothing")
  func untouched() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<3 {
      var loan = try sender.reserve(count: 5)
      Pattern.fill(&loan, number)
      loan.send()
    }
    for _ in 0..<3 {
      let isThere = try receiver.receive(batch: 2, timeout: .zero) != nil
      #expect(isThere)
    }
    for number in 0..<3 {
      let isRight = try receiver.pollMatches(number)
      #expect(isRight)
    }
  }

  @Test("a batch fills the lane exactly, and one more struct is too large")
  func exact() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    try sender.reserve(batch: 170, timeout: .zero).send()
    let full = channelError { _ = try sender.reserve(batch: 1, timeout: .zero) }
    #expect(full == .timedOut)
    let error = channelError { _ = try sender.reserve(batch: 171) }
    #expect(error == .tooLarge(bytes: 4104, capacity: 4096))
    var receiver = try channel.receiver()
    let received: Message<Bytes24>? = try receiver.receive(batch: 1000, timeout: .zero)
    let count = received?.count
    #expect(count == 170)
  }
}
