import PsyneCore
import Testing

/// Channels that carry messages of several types.
@Suite("Mixed channels")
struct MixedTests {
  @Test("every kind of body passes through one channel, and its type is told")
  func everyKind() throws {
    let channel = try makeChannel(of: Mixed.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    var floats = try sender.reserve(FloatVector.self, count: 3)
    for index in 0..<3 { floats[index] = Float(index) / 2 }
    floats.send()
    var matrix = try sender.reserve(DoubleMatrix.self, rows: 2, columns: 3)
    matrix[1, 2] = 6.5
    matrix.send()
    try sender.send(Bytes3(number: 0x010203))
    try sender.send("größer")
    let bytes: [UInt8] = [9, 8, 7]
    try sender.send(Bytes.self, copying: bytes.span)
    try sender.reserve(Vector<Small>.self, count: 0).send()

    var seen: [MessageType] = []
    while let message = try receiver.tryReceive() {
      seen.append(message.type)
      switch message.type {
      case .floatVector:
        guard let floats = try message.as(FloatVector.self) else { throw Wrong(message: 0) }
        let values = (floats.count, floats[1], floats[2])
        #expect(values == (3, 0.5, 1))
      case .doubleMatrix:
        guard let matrix = try message.as(DoubleMatrix.self) else { throw Wrong(message: 1) }
        let values = (matrix.rows, matrix.columns, matrix[1, 2])
        #expect(values == (2, 3, 6.5))
      case Bytes3.messageType:
        let value = try message.as(Bytes3.self)?.value
        #expect(value == Bytes3(number: 0x010203))
      case .text:
        let text = try message.as(Text.self)?.string
        #expect(text == "größer")
      case .bytes:
        let count = try message.as(Bytes.self)?.count
        #expect(count == 3)
      default:
        let count = try message.as(Vector<Small>.self)?.count
        #expect(count == 0)
        let isNil = try message.as(FloatVector.self) == nil
        #expect(isNil, "a message is not what it does not say it is")
      }
    }
    #expect(seen == [1, 2, 1003, 11, 10, 2006])
  }

  /// Sends an empty vector and an empty matrix of `Scalar`, and receives both.
  private func pass<Scalar: MessageScalar>(
    _: Scalar.Type, _ sender: inout Sender<Mixed>, _ receiver: inout Receiver<Mixed>
  ) throws {
    try sender.reserve(Vector<Scalar>.self, count: 0).send()
    try sender.reserve(Matrix<Scalar>.self, rows: 0, columns: 0).send()
    let vector = try receiver.receive(Vector<Scalar>.self)?.count
    #expect(vector == 0)
    let matrix = try receiver.receive(Matrix<Scalar>.self)?.count
    #expect(matrix == 0)
  }

  @Test("every type of the library's own passes under its id")
  func libraryTypes() throws {
    let channel = try makeChannel(of: Mixed.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try pass(Int8.self, &sender, &receiver)
    try pass(UInt8.self, &sender, &receiver)
    try pass(Int16.self, &sender, &receiver)
    try pass(UInt16.self, &sender, &receiver)
    try pass(Int32.self, &sender, &receiver)
    try pass(UInt32.self, &sender, &receiver)
    try pass(Int64.self, &sender, &receiver)
    try pass(UInt64.self, &sender, &receiver)
    try pass(Float.self, &sender, &receiver)
    try pass(Double.self, &sender, &receiver)
  }

  struct Low: FixedSizeMessage {
    static let messageType: MessageType = 999
    var a: UInt8
  }

  struct Disguised: MessageElement {
    static let vectorType: MessageType = .floatVector
    var a: UInt32
  }

  @Test("a type of one's own with an id of the library's is a mistake of the program")
  func lowIds() async {
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Mixed.self).sender()
      try sender.send(Low(a: 1))
    }
    await #expect(processExitsWith: .failure) {
      var sender = try makeChannel(of: Mixed.self).sender()
      try sender.reserve(Vector<Disguised>.self, count: 1).send()
    }
    await #expect(processExitsWith: .failure) {
      let channel = try makeChannel(of: Mixed.self)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      try sender.send(Bytes.self, copying: [1].span)
      let message = try receiver.receive()
      guard let message else { return }
      // The id differs: it is refused all the same, before one comes that does not.
      let isLow = try message.as(Low.self) != nil
      print(isLow)
    }
  }

  @Test("a message of another type than was asked for stays, and is received as what it is")
  func wrongType() throws {
    let channel = try makeChannel(of: Mixed.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try sender.send(Bytes24(number: 77))
    try sender.send(Bytes3(number: 5))
    for _ in 0..<3 {
      let error = channelError { _ = try receiver.receive(FloatVector.self, timeout: .zero) }
      #expect(error == .wrongType(expected: .floatVector, found: Bytes24.messageType))
    }
    let value = try receiver.receive(Bytes24.self, timeout: .zero)?.value
    #expect(value == Bytes24(number: 77))
    let next = try receiver.receive(Bytes3.self, timeout: .zero)?.value
    #expect(next == Bytes3(number: 5))
    let error = channelError { _ = try receiver.receive(Bytes3.self, timeout: .zero) }
    #expect(error == .timedOut)
    sender.close()
    let isEnd = try receiver.receive(Bytes3.self) == nil
    #expect(isEnd)
  }

  @Test("a message costs 8 bytes more than its payload, and what does not fit is too large")
  func capacity() throws {
    let channel = try makeChannel(of: Mixed.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    #expect(channel.largestMessage == 4088)
    for _ in 0..<128 { try sender.send(Bytes24(number: 0), timeout: .zero) }
    let full = channelError { try sender.send(Bytes3(number: 0), timeout: .zero) }
    #expect(full == .timedOut)
    let isNil = try sender.tryReserve(Bytes.self, count: 0) == nil
    #expect(isNil)
    while try receiver.tryReceive() != nil {}
    receiver.release()
    try sender.reserve(FloatVector.self, count: 1022, timeout: .zero).send()
    let error = channelError { _ = try sender.reserve(FloatVector.self, count: 1023) }
    #expect(error == .tooLarge(bytes: 4104, capacity: 4096))
    let matrix = channelError { _ = try sender.reserve(DoubleMatrix.self, rows: 511, columns: 1) }
    #expect(matrix == .tooLarge(bytes: 4104, capacity: 4096))
  }

  @Test("a vector that was reserved longer than it is sent takes no more room than it is")
  func shorter() throws {
    let channel = try makeChannel(of: Mixed.self)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    var loan = try sender.reserve(FloatVector.self, count: 1000)
    loan[0] = 4
    loan.send(count: 1)
    do { _ = try sender.reserve(Bytes.self, count: 50) }
    try sender.send(Bytes3(number: 1))
    let count = try receiver.receive(FloatVector.self, timeout: .zero)?.count
    #expect(count == 1)
    let value = try receiver.receive(Bytes3.self, timeout: .zero)?.value
    #expect(value == Bytes3(number: 1))
  }

  @Test("messages of random types and sizes arrive in order and whole")
  func volume() throws {
    let messages = Volume.messages(usual: 2_000_000, whole: 20_000_000)
    let seed = Seed.random(for: "mixed")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Mixed.self)
      try beside {
        var random = seed
        var sender = try channel.sender()
        for number in 0..<messages {
          let size = VolumeTests.size(&random, largest: 1020)
          switch number % 4 {
          case 0:
            var loan = try sender.reserve(FloatVector.self, count: size)
            for index in 0..<size { loan[index] = Float(number & 0xffff &+ index) }
            loan.send()
          case 1: try sender.send(Bytes24(number: UInt64(number)))
          case 2:
            var loan = try sender.reserve(Bytes.self, count: size)
            Pattern.fill(&loan, number)
            loan.send()
          default: try sender.send(Byte1(number: UInt64(number)))
          }
        }
      } _: {
        var random = seed
        var receiver = try channel.receiver()
        for number in 0..<messages {
          let size = VolumeTests.size(&random, largest: 1020)
          guard let message = try receiver.receive() else { throw Wrong(message: number) }
          switch number % 4 {
          case 0:
            guard let floats = try message.as(FloatVector.self), floats.count == size
            else { throw Wrong(message: number) }
            for index in 0..<size where floats[index] != Float(number & 0xffff &+ index) {
              throw Wrong(message: number)
            }
          case 1:
            guard let value = try message.as(Bytes24.self)?.value,
              value == Bytes24(number: UInt64(number))
            else { throw Wrong(message: number) }
          case 2:
            guard let bytes = try message.as(Bytes.self), bytes.count == size,
              Pattern.matches(bytes, number)
            else { throw Wrong(message: number) }
          default:
            guard let value = try message.as(Byte1.self)?.value,
              value == Byte1(number: UInt64(number))
            else { throw Wrong(message: number) }
          }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }
}
