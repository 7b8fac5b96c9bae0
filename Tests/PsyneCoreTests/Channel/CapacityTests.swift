import PsyneCore
import Testing

/// A lane of capacity C holds frames of exactly C bytes, no more and no fewer.
@Suite("Capacity")
struct CapacityTests {
  static let capacities: [ByteCount] = [
    .kibibytes(4), .kibibytes(8), .kibibytes(64), .mebibytes(1),
  ]

  @Test(
    "a full lane of bytes holds exactly its capacity and keeps its contents", arguments: capacities)
  func fullOfBytes(capacity: ByteCount) throws {
    let channel = try makeChannel(of: Bytes.self, capacity: capacity)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    // Frames of 8 + 8 bytes, so that nothing is left over.
    let fits = capacity.bytes / 16
    for number in 0..<fits {
      var loan = try sender.reserve(count: 8, timeout: .zero)
      Pattern.fill(&loan, number)
      loan.send()
    }
    try expectFull(&sender, count: 0)
    try expectFull(&sender, count: 8)
    for number in 0..<fits {
      let isRight = try receiver.pollMatches(number)
      guard isRight else { throw Wrong(message: number) }
    }
    let isEmpty = try receiver.tryReceive() == nil
    #expect(isEmpty)
    let isRoom = try sender.tryReserve(count: channel.largestMessage) != nil
    #expect(isRoom)
  }

  private func expectFull(_ sender: inout Sender<Bytes>, count: Int) throws {
    let isNil = try sender.tryReserve(count: count) == nil
    #expect(isNil)
    for timeout in [Duration.zero, .milliseconds(1), .seconds(-1)] {
      let error = channelError { _ = try sender.reserve(count: count, timeout: timeout) }
      #expect(error == .timedOut)
    }
  }

  @Test("an empty lane takes as many empty messages as it has headers", arguments: capacities)
  func emptyMessages(capacity: ByteCount) throws {
    let channel = try makeChannel(of: Bytes.self, capacity: capacity)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    var fits = 0
    while let loan = try sender.tryReserve(count: 0) {
      loan.send()
      fits += 1
    }
    #expect(fits == capacity.bytes / 8)
    while let message = try receiver.tryReceive() {
      guard message.count == 0 else { throw Wrong(message: fits) }
      fits -= 1
    }
    #expect(fits == 0)
  }

  @Test("a full lane of structs holds as many as fit its capacity")
  func fullOfStructs() throws {
    try full(of: Byte1.self)
    try full(of: Bytes3.self)
    try full(of: Padded9.self)
    try full(of: Bytes12.self)
    try full(of: Bytes24.self)
    try full(of: Bytes64.self)
    try full(of: Aligned16.self)
    try full(of: Vector48.self)
    try full(of: Vector64.self)
  }

  private func full<Body: Numbered>(of body: Body.Type) throws {
    let stride = MemoryLayout<Body>.stride
    let channel = try makeChannel(of: Body.self)
    #expect(channel.largestMessage == channel.capacity)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    var number: UInt64 = 0
    // Round after round, so that frames cross the end of the lane at every offset.
    for _ in 0..<40 {
      let first = number
      while let loan = try sender.tryReserve() {
        var loan = loan
        loan.value = Body(number: number)
        loan.send()
        number += 1
      }
      #expect(number - first == UInt64(channel.capacity / stride))
      let error = channelError { try sender.send(Body(number: 0), timeout: .zero) }
      #expect(error == .timedOut)
      var next = first
      while let message = try receiver.tryReceive() {
        guard message.value == Body(number: next) else { throw Wrong(message: Int(next)) }
        next += 1
      }
      #expect(next == number)
    }
  }

  @Test("the largest message is the whole lane less one header, at every offset")
  func largestMessage() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    #expect(channel.largestMessage == channel.capacity - 8)
    for offset in 0..<(channel.capacity / 8) {
      var loan = try sender.reserve(count: channel.largestMessage, timeout: .zero)
      Pattern.fill(&loan, offset)
      loan.send()
      let isFull = try sender.tryReserve(count: 0) == nil
      let isRight = try receiver.pollMatches(offset, count: channel.largestMessage)
      guard isFull, isRight else { throw Wrong(message: offset) }
      let isEmpty = try receiver.tryReceive() == nil
      guard isEmpty else { throw Wrong(message: offset) }
      // Moves the next round on by a header.
      try sender.reserve(count: 0, timeout: .zero).send()
      let count = try receiver.tryReceive()?.count
      guard count == 0 else { throw Wrong(message: offset) }
      receiver.release()
    }
  }

  @Test("one byte more than the largest message is too large, and says how much it takes")
  func tooLarge() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    let capacity = channel.capacity
    for timeout in [Duration.zero, .milliseconds(1), nil] {
      let error = channelError { _ = try sender.reserve(count: capacity - 7, timeout: timeout) }
      #expect(error == .tooLarge(bytes: capacity + 8, capacity: capacity))
    }
    let error = channelError { _ = try sender.tryReserve(count: capacity) }
    #expect(error == .tooLarge(bytes: capacity + 8, capacity: capacity))
    let huge = channelError { _ = try sender.tryReserve(count: LaneLayout.maximumCapacity) }
    #expect(huge == .tooLarge(bytes: LaneLayout.maximumCapacity + 8, capacity: capacity))
    #expect(huge?.description.contains("\(capacity)") == true)
    for count in [LaneLayout.maximumCapacity + 2, .max] {
      let error = channelError { _ = try sender.reserve(count: count) }
      #expect(error == .tooLarge(bytes: LaneLayout.maximumCapacity + 16, capacity: capacity))
    }
    // It is no reason to close anything.
    try sender.reserve(count: capacity - 8, timeout: .zero).send()
  }

  @Test("vectors and matrices are too large by their bytes, not by their count")
  func tooLargeElements() throws {
    let floats = try makeChannel(of: FloatVector.self)
    var floatSender = try floats.sender()
    try floatSender.reserve(count: 1022, timeout: .zero).send()
    let float = channelError { _ = try floatSender.tryReserve(count: 1023) }
    #expect(float == .tooLarge(bytes: 4104, capacity: 4096))

    let wide = try makeChannel(of: Vector<Wide>.self)
    #expect(wide.largestMessage == 4096 - 16)
    var wideSender = try wide.sender()
    try wideSender.reserve(count: 127, timeout: .zero).send()
    let error = channelError { _ = try wideSender.tryReserve(count: 128) }
    #expect(error == .tooLarge(bytes: 4112, capacity: 4096))

    let matrices = try makeChannel(of: DoubleMatrix.self)
    var matrixSender = try matrices.sender()
    try matrixSender.reserve(rows: 2, columns: 255, timeout: .zero).send()
    let matrix = channelError { _ = try matrixSender.tryReserve(rows: 7, columns: 73) }
    #expect(matrix == .tooLarge(bytes: 4104, capacity: 4096))
    let huge = channelError { _ = try matrixSender.reserve(rows: 1 << 20, columns: 1 << 20) }
    guard case .tooLarge = huge else {
      Issue.record("\(String(describing: huge))")
      return
    }
  }

  @Test("a struct that is longer than the lane is too large")
  func tooLargeStruct() throws {
    struct Huge: FixedSizeMessage {
      static let messageType: MessageType = 1999
      var values: InlineArray<1024, UInt64>
    }
    let channel = try makeChannel(of: Huge.self)
    var sender = try channel.sender()
    let error = channelError { _ = try sender.tryReserve() }
    #expect(error == .tooLarge(bytes: 8192, capacity: 4096))
  }

  @Test("what one message took is given back, exactly, when it is released")
  func released() throws {
    let channel = try makeChannel(of: Bytes.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    while let loan = try sender.tryReserve(count: 24) { loan.send() }
    for _ in 0..<1000 {
      let count = try receiver.tryReceive()?.count
      #expect(count == 24)
      let isFull = try sender.tryReserve(count: 0) == nil
      #expect(isFull, "a message that is lent is not overwritten")
      receiver.release()
      let isTooLarge = try sender.tryReserve(count: 25) == nil
      #expect(isTooLarge)
      try sender.reserve(count: 24, timeout: .zero).send()
    }
  }

  @Test("the greatest lane carries a message of 4 GiB less one header")
  func greatest() throws {
    let channel = try makeChannel(of: Bytes.self, capacity: .gibibytes(4))
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    let largest = channel.largestMessage
    #expect(largest == (1 << 32) - 8)
    // Its pages are touched at both ends only.
    for round in 0..<2 {
      var loan = try sender.reserve(count: largest, timeout: .zero)
      loan[0] = 1
      loan[largest - 1] = UInt8(round)
      loan.send()
      do {
        guard let message = try receiver.tryReceive() else { throw Wrong(message: round) }
        let ends = (message.count, message[0], message[message.count - 1])
        #expect(ends == (largest, 1, UInt8(round)))
      }
      receiver.release()
      try sender.reserve(count: 1, timeout: .zero).send()
      let count = try receiver.tryReceive()?.count
      #expect(count == 1)
      receiver.release()
    }
  }

  @Test(
    "a capacity is rounded up to a power of two of at least a page",
    arguments: [
      (1, 4096), (4095, 4096), (4096, 4096), (4097, 8192), (10_485_760, 16_777_216),
      ((1 << 32) - 1, 1 << 32), (1 << 32, 1 << 32),
    ])
  func rounding(asked: Int, given: Int) {
    #expect(LaneLayout.capacity(holding: asked) == given)
  }

  @Test("a capacity out of range is none", arguments: [0, -1, .min, (1 << 32) + 1, .max])
  func outOfRange(asked: Int) throws {
    #expect(LaneLayout.capacity(holding: asked) == nil)
    let error = try #require(
      failure { _ = try makeChannel(of: Bytes.self, capacity: .bytes(asked)) })
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("out of range: it can be 1 byte to 4 GiB"))
  }
}
