import PsyneCore
import Testing

/// A lane whose memory somebody else writes to: errors, never a crash.
@Suite("Hostile lanes")
struct HostileLaneTests {
  // MARK: Positions

  @Test(
    "an end is not given out on impossible positions",
    arguments: [
      // tail, head, done
      (-8, 0, 0), (0, -8, -8), (.min, .min, .min), (.min, 0, 0), (.max, 0, 0), (8, 16, 16),
      (4104, 0, 0), (4096, 0, 4104), (16, 8, 0), (16, 8, 24), (12, 0, 0), (16, 4, 8), (16, 8, 12),
      (.max, .max - 4096, .max - 4096), (0, .max, .max), (0, 0, .min), (0, 0, .max),
    ])
  func impossiblePositions(tail: Int, head: Int, done: Int) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    scratch[position: LaneLayout.tail] = tail
    scratch[position: LaneLayout.head] = head
    scratch[position: LaneLayout.done] = done
    for _ in 0..<2 {
      // Twice: what was refused was not taken.
      let sender = try #require(failure { _ = try channel.sender() })
      #expect(sender.code == .corrupt)
      let receiver = try #require(failure { _ = try channel.receiver() })
      #expect(receiver.code == .corrupt)
      #expect(receiver.message.contains("close it everywhere and open it again"))
    }
    let canRecover = scratch.recovers(MessageFormat(Bytes.self))
    #expect(!canRecover)
    scratch.reset()
    var sender = try channel.sender()
    try sender.reserve(count: 1, timeout: .zero).send()
    var receiver = try channel.receiver()
    let count = try receiver.tryReceive()?.count
    #expect(count == 1)
  }

  @Test("positions of structs are multiples of their size")
  func positionUnit() throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes12.self)
    scratch[position: LaneLayout.tail] = 16
    #expect(failure { _ = try channel.receiver() }?.code == .corrupt)
    scratch[position: LaneLayout.tail] = 24
    _ = try channel.receiver()
  }

  @Test(
    "a tail where no sender would have moved it is reported, again and again",
    arguments: [-8, .min, .max, 4104, 8192, 1 << 40])
  func wildTail(tail: Int) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var receiver = try channel.receiver()
    scratch[position: LaneLayout.tail] = tail
    for _ in 0..<2 {
      let error = channelError { _ = try receiver.receive(timeout: .zero) }
      #expect(error == .corrupt(.position))
      let poll = channelError { _ = try receiver.tryReceive() }
      #expect(poll == .corrupt(.position))
      let batch = channelError { _ = try receiver.receive(batch: 3, timeout: .zero) }
      #expect(batch == .corrupt(.position))
    }
  }

  @Test(
    "a head where no receiver would have moved it is reported",
    arguments: [8, -4096, .min, .max, 1 << 40])
  func wildHead(head: Int) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var sender = try channel.sender()
    scratch[position: LaneLayout.head] = head
    for _ in 0..<2 {
      // The known head suffices for the first 256.
      let error = channelError {
        while true { try sender.reserve(count: 8, timeout: .zero).stage() }
      }
      #expect(error == .corrupt(.position) || head == 8 && error == .timedOut)
      let poll = channelError {
        while let loan = try sender.tryReserve(count: 8) { loan.send() }
        throw ChannelError.timedOut
      }
      #expect(poll == .corrupt(.position) || head == 8 && poll == .timedOut)
    }
  }

  @Test("a sender's end beyond what it published is reported", arguments: [8, .max, 4096])
  func wildEnd(end: Int) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var receiver = try channel.receiver()
    scratch[word: LaneLayout.senderEndings] = 1
    scratch[position: LaneLayout.senderEndPosition] = end
    let error = channelError { _ = try receiver.receive(timeout: .zero) }
    #expect(error == .corrupt(.position))
  }

  @Test("an ending of no known kind counts as a death", arguments: [0, 2, 3, .max])
  func wildEnding(ending: UInt32) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var receiver = try channel.receiver()
    scratch[word: LaneLayout.senderEndings] = 9
    scratch[word: LaneLayout.senderEnding] = ending
    let error = channelError { _ = try receiver.receive() }
    #expect(error == .peerDied)
  }

  // MARK: Frames

  @Test(
    "a frame longer than what was published is reported",
    arguments: [
      (1, 8), (0, 4), (9, 16), (4089, 4096), (4096, 4096), (.max, 4096), (.max - 7, 4096),
      (.max - 8, 8), (1 << 31, 4096),
    ] as [(UInt32, Int)])
  func longFrame(bytes: UInt32, tail: Int) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var receiver = try channel.receiver()
    scratch.publish(bytes: bytes, type: .bytes, tail: tail)
    for _ in 0..<2 {
      let error = channelError { _ = try receiver.receive(timeout: .zero) }
      #expect(error == .corrupt(.length))
    }
    // The receiver goes no further; the next one finds what lies there then.
    receiver.close()
    scratch.publish(bytes: 0, type: .bytes, tail: 8)
    var next = try channel.receiver()
    let count = try next.receive(timeout: .zero)?.count
    #expect(count == 0, "what was reported was not taken")
  }

  @Test("a frame that is no whole number of elements is reported", arguments: [1, 2, 3, 5, 4087])
  func brokenElement(bytes: UInt32) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: FloatVector.self)
    var receiver = try channel.receiver()
    scratch.publish(bytes: bytes, type: .floatVector, tail: 4096)
    let error = channelError { _ = try receiver.tryReceive() }
    #expect(error == .corrupt(.length))
  }

  @Test("a frame of another type is reported", arguments: [0, 1, 11, 999, 1000, .max] as [UInt32])
  func wrongType(type: UInt32) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes.self)
    var receiver = try channel.receiver()
    scratch.publish(bytes: 8, type: MessageType(rawValue: type), tail: 16)
    let error = channelError { _ = try receiver.tryReceive() }
    #expect(error == .corrupt(.type))
  }

  @Test(
    "rows and columns that do not make the length are reported",
    arguments: [
      (0, 1), (1, 0), (1, 1), (3, 1), (.max, .max), (1 << 31, 1 << 31), (2, 1 << 31),
      (1 << 16, 1 << 16), (0x8000_0001, 2), (.max, 2),
    ] as [(UInt32, UInt32)])
  func wrongShape(rows: UInt32, columns: UInt32) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: DoubleMatrix.self)
    var receiver = try channel.receiver()
    scratch[data: 8] = UInt64(rows) | UInt64(columns) << 32
    // Two scalars.
    scratch.publish(bytes: 24, type: .doubleMatrix, tail: 32)
    let isEmptyShape = rows == 0 || columns == 0
    let error = channelError { _ = try receiver.tryReceive() }
    #expect(error == .corrupt(.shape))
    scratch.publish(bytes: 8, type: .doubleMatrix, tail: 16)
    let empty = channelError { _ = try receiver.tryReceive() }
    #expect(empty == (isEmptyShape ? nil : .corrupt(.shape)))
  }

  @Test("a matrix without room for its shape is reported", arguments: [0, 1, 7] as [UInt32])
  func noShape(bytes: UInt32) throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: DoubleMatrix.self)
    var receiver = try channel.receiver()
    scratch.publish(bytes: bytes, type: .doubleMatrix, tail: 16)
    let error = channelError { _ = try receiver.tryReceive() }
    #expect(error == .corrupt(.length))
  }

  @Test("less than one struct is reported")
  func brokenStruct() throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Bytes12.self)
    var receiver = try channel.receiver()
    scratch[position: LaneLayout.tail] = 11
    let error = channelError { _ = try receiver.tryReceive() }
    #expect(error == .corrupt(.length))
    let batch = channelError {
      let message: Message<Bytes12>? = try receiver.receive(batch: 4, timeout: .zero)
      _ = message?.count
    }
    #expect(batch == .corrupt(.length))
  }

  @Test("a mixed message that says it is a type and cannot be one is reported")
  func brokenMixed() throws {
    let scratch = try Scratch()
    let channel = try scratch.channel(of: Mixed.self)
    var receiver = try channel.receiver()
    scratch.publish(bytes: 23, type: Bytes24.messageType, tail: 64)
    let short = channelError { _ = try receiver.receive(Bytes24.self, timeout: .zero) }
    #expect(short == .corrupt(.length))
    scratch.publish(bytes: 48, type: Bytes24.messageType, tail: 64)
    let long = channelError { _ = try receiver.receive(Bytes24.self, timeout: .zero) }
    #expect(long == .corrupt(.length))
    scratch.publish(bytes: 6, type: .floatVector, tail: 64)
    let broken = channelError { _ = try receiver.receive(FloatVector.self, timeout: .zero) }
    #expect(broken == .corrupt(.length))
    scratch.publish(bytes: 0, type: .doubleMatrix, tail: 64)
    let shapeless = channelError { _ = try receiver.receive(DoubleMatrix.self, timeout: .zero) }
    #expect(shapeless == .corrupt(.length))
    scratch.publish(bytes: 100, type: 77, tail: 64)
    let beyond = channelError { _ = try receiver.receive(timeout: .zero) }
    #expect(beyond == .corrupt(.length))
  }
}
