import PsyneCore
import Testing

/// Loans that are sent whole, sent shorter, staged, or dropped.
@Suite("Loans")
struct LoanTests {
  @Test("a dropped loan sends nothing and costs no room")
  func dropped() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<10_000 {
      do {
        var loan = try sender.reserve(count: channel.largestMessage - number % 64, timeout: .zero)
        loan[0] = 0xff
      }
      var loan = try sender.reserve(count: 5, timeout: .zero)
      Pattern.fill(&loan, number)
      loan.send()
      do { _ = try sender.reserve(count: 100, timeout: .zero) }
      let isRight = try receiver.pollMatches(number, count: 5)
      guard isRight else { throw Wrong(message: number) }
      let isEmpty = try receiver.tryReceive() == nil
      guard isEmpty else { throw Wrong(message: number) }
    }
  }

  @Test("a struct that is dropped is not sent")
  func droppedStruct() throws {
    let channel = try makeChannel(of: Bytes3.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<10_000 {
      do {
        var loan = try sender.reserve()
        loan.value = Bytes3(number: 0xffffff)
      }
      try sender.send(Bytes3(number: UInt64(number)))
      let value = try receiver.tryReceive()?.value
      guard value == Bytes3(number: UInt64(number)) else { throw Wrong(message: number) }
      let isEmpty = try receiver.tryReceive() == nil
      guard isEmpty else { throw Wrong(message: number) }
    }
  }

  @Test("fewer elements than were reserved take no more room than they are")
  func shorter() throws {
    let channel = try makeChannel(of: FloatVector.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    var random = Seed.random(for: "shorter")
    for number in 0..<20_000 {
      let most = random.below(1023)
      let count = random.below(most + 1)
      var loan = try sender.reserve(upTo: most, timeout: .zero)
      for index in 0..<count { loan[index] = Float(number + index) }
      loan.send(count: count)
      let received = try receiver.pollElements()
      guard received == (0..<count).map({ Float(number + $0) }) else {
        throw Wrong(message: number)
      }
      receiver.release()
    }
    let isEmpty = try receiver.tryReceive() == nil
    #expect(isEmpty)
    // 512 empty messages fill the lane, whatever was reserved for each.
    for _ in 0..<512 {
      guard let loan = try sender.tryReserve(count: 0) else { throw Wrong(message: -1) }
      loan.send(count: 0)
    }
    let isFull = try sender.tryReserve(count: 0) == nil
    #expect(isFull)
  }

  @Test("a reservation of the whole lane that is sent empty leaves the rest free")
  func wholeLaneSentShort() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    for _ in 0..<63 {
      try sender.reserve(upTo: 56, timeout: .zero).send(count: 56)
    }
    try sender.reserve(upTo: 56, timeout: .zero).send(count: 0)
    let largest = try sender.tryReserve(count: 48)?.count
    #expect(largest == 48)
    let isTooLarge = try sender.tryReserve(count: 49) == nil
    #expect(isTooLarge)
  }

  @Test("staged messages are seen after publish, and not before")
  func staged() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<5 {
      var loan = try sender.reserve(count: number)
      Pattern.fill(&loan, number)
      loan.stage()
    }
    let isHidden = try receiver.tryReceive() == nil
    #expect(isHidden)
    sender.publish()
    for number in 0..<5 {
      let isRight = try receiver.pollMatches(number, count: number)
      #expect(isRight)
    }
    let isEmpty = try receiver.tryReceive() == nil
    #expect(isEmpty)
  }

  @Test("a send publishes what was staged before it, and a dropped loan takes none of it back")
  func stagedThenSent() throws {
    let channel = try makeChannel(of: Bytes24.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<3 as Range<UInt64> {
      var loan = try sender.reserve()
      loan.value = Bytes24(number: number)
      loan.stage()
    }
    do { _ = try sender.reserve() }
    try sender.send(Bytes24(number: 3))
    for number in 0..<4 as Range<UInt64> {
      let value = try receiver.tryReceive()?.value
      #expect(value == Bytes24(number: number))
    }
  }

  @Test("a full lane publishes what is staged, since only its receiver can make room")
  func stagedUntilFull() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    while let loan = try sender.tryReserve(count: 8) { loan.stage() }
    var received = 0
    while try receiver.tryReceive() != nil { received += 1 }
    #expect(received == 256)
  }

  @Test("closing publishes what is staged")
  func stagedThenClosed() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try sender.reserve(count: 3).stage()
    do { _ = try sender.reserve(count: 4000) }
    sender.close()
    let count = try receiver.receive()?.count
    #expect(count == 3)
    let isEnd = try receiver.receive() == nil
    #expect(isEnd)
  }

  @Test("copies are sent of spans, of text and of values")
  func copies() throws {
    let vectors = try makeChannel(of: Vector<Int32>.self)
    var vectorSender = try vectors.sender()
    var vectorReceiver = try vectors.receiver()
    let numbers = (0..<100).map { Int32($0 * $0) }
    try vectorSender.send(copying: numbers.span)
    let none: [Int32] = []
    try vectorSender.send(copying: none.span)
    let received = try vectorReceiver.pollElements()
    #expect(received == numbers)
    let empty = try vectorReceiver.receive()?.count
    #expect(empty == 0)

    let texts = try makeChannel(of: Text.self)
    var textSender = try texts.sender()
    var textReceiver = try texts.receiver()
    for text in ["", "plain", "größer 🜁 漢字", String(repeating: "é", count: 1000)] {
      try textSender.send(text)
      let received = try textReceiver.receive()?.string
      #expect(received == text)
    }
    try textSender.reserve(count: 2).send()
    var loan = try textSender.reserve(count: 2)
    (loan[0], loan[1]) = (0xc3, 0x28)
    loan.send()
    _ = try textReceiver.receive()
    let broken = try textReceiver.receive()?.string
    #expect(broken == nil, "what is not UTF-8 is no text")
  }

  @Test("a matrix has the shape it was reserved with, empty ones too")
  func shapes() throws {
    let channel = try makeChannel(of: Matrix<Int16>.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for (rows, columns) in [(0, 0), (0, 7), (7, 0), (1, 1), (3, 5), (2040, 1), (1, 2040)] {
      var loan = try sender.reserve(rows: rows, columns: columns, timeout: .zero)
      let lent = (loan.rows, loan.columns, loan.count)
      for index in 0..<loan.count { loan[index] = Int16(index) }
      loan.send()
      do {
        guard let message = try receiver.receive() else { throw Wrong(message: rows) }
        let received = (message.rows, message.columns, message.count)
        #expect(lent == (rows, columns, rows * columns))
        #expect(received == lent)
        if rows > 0, columns > 0 {
          let last = message[rows - 1, columns - 1]
          #expect(last == Int16(rows * columns - 1))
        }
      }
      receiver.release()
    }
  }

  @Test("an index outside the loan or the message traps")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Bytes.self).sender()
      var loan = try sender.reserve(count: 4)
      loan[4] = 1
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Bytes.self).sender()
      var loan = try sender.reserve(count: 4)
      loan[-1] = 1
    }
    await #expect(processExitsWith: .failure) {
      let channel = try makeChannel(of: Bytes.self)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      try sender.reserve(count: 4).send()
      _ = try receiver.receive()?[4]
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: DoubleMatrix.self).sender()
      var loan = try sender.reserve(rows: 2, columns: 3)
      loan[1, 3] = 1
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Bytes.self).sender()
      try sender.reserve(upTo: 4).send(count: 5)
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Bytes.self).sender()
      _ = try sender.tryReserve(count: -1)
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Bytes.self).sender()
      var loan = try sender.reserve(count: 4)
      let tooMany: [UInt8] = [1, 2, 3, 4, 5]
      loan.fill(from: tooMany.span)
    }
  }
}
