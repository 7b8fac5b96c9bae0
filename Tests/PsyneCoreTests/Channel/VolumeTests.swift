import PsyneCore
import Testing

/// Many messages between two threads, each checked for its place in the order and for its content.
@Suite("Volume", .serialized)
struct VolumeTests {
  /// Sizes from 0 to `largest`, mostly small, so that millions of messages are affordable and yet
  /// every size occurs.
  static func size(_ random: inout SeededRandom, largest: Int) -> Int {
    let bits = random.next()
    switch bits & 63 {
    case 0: return Int(truncatingIfNeeded: (bits >> 8) % UInt64(largest + 1))
    case 1: return 0
    case 2: return largest
    default: return min(largest, Int(truncatingIfNeeded: (bits >> 8) % 256))
    }
  }

  @Test("bytes of random sizes from empty to the whole lane arrive in order and whole")
  func bytes() throws {
    let messages = Volume.messages(usual: 50_000_000, whole: 50_000_000)
    let seed = Seed.random(for: "bytes")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Bytes.self)
      let largest = channel.largestMessage
      try beside {
        var random = seed
        var sender = try channel.sender()
        for number in 0..<messages {
          let size = Self.size(&random, largest: largest)
          var loan = try sender.reserve(count: size)
          Pattern.fill(&loan, number)
          loan.send()
        }
      } _: {
        var random = seed
        var receiver = try channel.receiver()
        var received = 0
        var sum = 0
        while let message = try receiver.receive() {
          let size = Self.size(&random, largest: largest)
          let isRight = message.count == size && Pattern.matches(message, received)
          guard isRight else { throw Wrong(message: received) }
          received += 1
          sum += size + 8
        }
        #expect(received == messages)
        print("bytes: \(received) messages, \(sum / channel.capacity) wraps")
      }
    }
  }

  @Test("vectors of every element size arrive in order and whole")
  func vectors() throws {
    try vectors(of: Float.self) { Float($0 & 0xff_ffff) }
    try vectors(of: UInt8.self) { UInt8(truncatingIfNeeded: $0) }
    try vectors(of: Int16.self) { Int16(truncatingIfNeeded: $0) }
    try vectors(of: Double.self) { Double($0) }
    try vectors(of: Small.self) { number in
      let a = UInt16(truncatingIfNeeded: number)
      return Small(a: a, b: ~a, c: a &* 3)
    }
    try vectors(of: Wide.self) { Wide(number: UInt64($0)) }
  }

  private func vectors<Element: MessageElement & Equatable>(
    of element: Element.Type, _ value: @escaping @Sendable (Int) -> Element
  ) throws {
    let messages = Volume.messages(usual: 1_000_000, whole: 10_000_000)
    let seed = Seed.random(for: "vectors of \(element)")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Vector<Element>.self)
      let most = channel.largestMessage / MemoryLayout<Element>.stride
      try beside {
        var random = seed
        var sender = try channel.sender()
        for number in 0..<messages {
          let count = Self.size(&random, largest: most)
          var loan = try sender.reserve(count: count)
          for index in 0..<count { loan[index] = value(number &+ index) }
          loan.send()
        }
      } _: {
        var random = seed
        var receiver = try channel.receiver()
        for number in 0..<messages {
          let count = Self.size(&random, largest: most)
          guard let message = try receiver.receive() else { throw Wrong(message: number) }
          guard message.count == count else { throw Wrong(message: number) }
          for index in 0..<count where message[index] != value(number &+ index) {
            throw Wrong(message: number)
          }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }

  @Test("matrices arrive in order, whole, and with their shape")
  func matrices() throws {
    let messages = Volume.messages(usual: 1_000_000, whole: 10_000_000)
    let seed = Seed.random(for: "matrices")
    try watched(minutes: 30) {
      let channel = try makeChannel(of: DoubleMatrix.self)
      let most = (channel.largestMessage - 8) / 8
      @Sendable func shape(_ random: inout SeededRandom) -> (rows: Int, columns: Int) {
        let rows = random.below(most + 1)
        return random.below(50) == 0
          ? (rows, rows == 0 ? 7 : most / rows) : (random.below(8), random.below(6))
      }
      try beside {
        var random = seed
        var sender = try channel.sender()
        for number in 0..<messages {
          let (rows, columns) = shape(&random)
          var loan = try sender.reserve(rows: rows, columns: columns)
          for row in 0..<rows {
            for column in 0..<columns { loan[row, column] = Double(number &+ row &* 31 &+ column) }
          }
          loan.send()
        }
      } _: {
        var random = seed
        var receiver = try channel.receiver()
        for number in 0..<messages {
          let (rows, columns) = shape(&random)
          guard let message = try receiver.receive() else { throw Wrong(message: number) }
          guard message.rows == rows, message.columns == columns, message.count == rows * columns
          else { throw Wrong(message: number) }
          for row in 0..<rows {
            for column in 0..<columns
            where message[row, column] != Double(number &+ row &* 31 &+ column) {
              throw Wrong(message: number)
            }
          }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }

  @Test("structs of odd sizes and of every alignment arrive in order and whole")
  func structs() throws {
    try structs(Byte1.self)
    try structs(Bytes3.self)
    try structs(Padded9.self)
    try structs(Bytes12.self)
    try structs(Bytes24.self)
    try structs(Bytes64.self)
    try structs(Aligned16.self)
    try structs(Vector48.self)
    try structs(Vector64.self)
  }

  private func structs<Body: Numbered>(_ body: Body.Type) throws {
    let messages = Volume.messages(usual: 3_000_000, whole: 30_000_000)
    try watched(minutes: 30) {
      let channel = try makeChannel(of: Body.self)
      try beside {
        var sender = try channel.sender()
        for number in 0..<messages {
          if number & 1 == 0 {
            try sender.send(Body(number: UInt64(number)))
          } else {
            var loan = try sender.reserve()
            loan.value = Body(number: UInt64(number))
            loan.send()
          }
        }
      } _: {
        var receiver = try channel.receiver()
        for number in 0..<messages {
          guard let message = try receiver.receive() else { throw Wrong(message: number) }
          guard message.value == Body(number: UInt64(number)) else { throw Wrong(message: number) }
        }
        let isEnd = try receiver.receive() == nil
        #expect(isEnd)
      }
    }
  }
}

/// A message that is not what was sent.
struct Wrong: Error {
  let message: Int
}

/// Content that depends on a message's number and on the place in it.
enum Pattern {
  static func byte(_ number: Int, _ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: number &* 31 &+ index)
  }

  static func fill(_ loan: inout Loan<Bytes>, _ number: Int) {
    var elements = loan.elements
    for index in elements.indices { elements[index] = byte(number, index) }
  }

  static func matches(_ message: borrowing Message<Bytes>, _ number: Int) -> Bool {
    let elements = message.elements
    var difference: UInt8 = 0
    for index in elements.indices { difference |= elements[index] ^ byte(number, index) }
    return difference == 0
  }
}
