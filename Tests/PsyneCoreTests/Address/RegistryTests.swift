import PsyneCore
import Testing

/// Schemes, options, and what two parties have to agree on.
@Suite("Registry")
struct RegistryTests {
  private func refusal<Body: MessageBody>(
    of uri: String, _ body: Body.Type = Bytes.self, _ options: ChannelOptions = ChannelOptions(),
    in registry: TransportRegistry = makeRegistry()
  ) throws -> TransportError {
    try #require(
      failure { _ = try registry.open(uri, as: SPSCChannel<Body>.self, options: options) })
  }

  @Test("an unknown scheme names those that are registered, and a near one")
  func unknownScheme() throws {
    let udp = try refusal(of: "udp://name")
    #expect(udp.code == .unknownScheme)
    #expect(udp.message == "no transport for 'udp'; registered: memory")
    let typo = try refusal(of: "memroy://name")
    #expect(typo.message.contains("registered: memory (did you mean 'memory'?)"))
    let none = try refusal(of: "memory://name", in: TransportRegistry([]))
    #expect(none.code == .unknownScheme)
    #expect(none.message.contains("registered: none"))
    #expect(none.message.contains("the module PsyneCore: add its transport to the registry"))
  }

  @Test("a scheme whose module is not there names the module")
  func missingModule() throws {
    let error = try refusal(of: "ipc://name")
    #expect(error.code == .unknownScheme)
    #expect(error.message.contains("no transport for 'ipc'; registered: memory"))
    #expect(error.message.contains("it is in the module PsyneIPC"))
  }

  @Test("a codec that is not there is named")
  func codec() throws {
    let error = try refusal(of: "lz4+tcp://name:1")
    #expect(error.code == .unknownScheme)
    #expect(error.message.contains("no codec 'lz4'"))
    #expect(error.message.contains("registered schemes: memory"))
    let local = try refusal(of: "lz4+memory://name")
    #expect(local.code == .unknownScheme)
    #expect(local.message.contains("what is in shared memory does not travel"))
  }

  @Test("an unknown option is named, with those that are known and a near one")
  func unknownOption() throws {
    let error = try refusal(of: "memory://name?mode=0660")
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("unknown option 'mode' in 'memory://name?mode=0660'"))
    #expect(error.message.contains("memory knows: capacity"))
    let typo = try refusal(of: "memory://name?capcity=4096")
    #expect(typo.message.contains("did you mean 'capacity'?"))
    let cased = try refusal(of: "memory://name?Capacity=4096")
    #expect(cased.code == .invalidOption)
  }

  @Test(
    "a capacity that is no size is quoted, with what one looks like",
    arguments: ["big", "-1", "1.5MiB", "4096bytes", "99999999999999999999", "0x1000"])
  func badSize(value: String) throws {
    let uri = "memory://name?capacity=\(value)"
    let error = try refusal(of: uri)
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("capacity '\(value)' in '\(uri)' is no size"))
    #expect(error.message.contains("as in 65536, 64KiB or 10MiB"))
  }

  @Test(
    "a capacity out of range is told the range", arguments: ["0", "5GiB", "9223372036854775807"])
  func range(value: String) throws {
    let error = try refusal(of: "memory://name?capacity=\(value)")
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("out of range: it can be 1 byte to 4 GiB"))
  }

  @Test("what the address and the program both say must be the same")
  func contradiction() throws {
    let error = try refusal(
      of: "memory://name?capacity=8KiB", Bytes.self, ChannelOptions(capacity: .kibibytes(16)))
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("the address says capacity 8 KiB and the program says 16 KiB"))
    let channel: SPSCChannel<Bytes> = try makeRegistry().open(
      "memory://name?capacity=8KiB", options: ChannelOptions(capacity: .kibibytes(8)))
    #expect(channel.capacity == 8192)
  }

  @Test("a capacity that nobody sets is 4 MiB")
  func defaultCapacity() throws {
    let channel: SPSCChannel<Bytes> = try makeRegistry().open("memory://name")
    #expect(channel.capacity == 4 << 20)
  }

  @Test("types of one's own have ids from 1000 on")
  func userTypes() throws {
    struct Low: FixedSizeMessage {
      static let messageType: MessageType = 999
      var a: UInt8
    }
    struct LowElement: MessageElement {
      static let vectorType: MessageType = 3
      var a: UInt8
    }
    struct First: FixedSizeMessage {
      static let messageType: MessageType = 1000
      var a: UInt8
    }
    let error = try refusal(of: "memory://name", Low.self)
    #expect(error.code == .invalidType)
    #expect(error.message == "Low has the type id 999: ids of your own start at 1000")
    let element = try refusal(of: "memory://name", Vector<LowElement>.self)
    #expect(element.code == .invalidType)
    #expect(element.message.contains("has the type id 3: ids of your own start at 1000"))
    let _: SPSCChannel<First> = try makeRegistry().open("memory://name")
  }

  @Test("a body of one's own has no id of the library's, and decides nothing about its size")
  func userBodies() throws {
    enum Untyped: ResizableBody {
      typealias Element = Double
      static let messageType: MessageType = .mixed
    }
    enum Liar: ResizableBody {
      typealias Element = UInt8
      static let messageType: MessageType = 1000
      static var prefixBytes: Int { -1 << 40 }
      static var isFixedSize: Bool { true }
    }
    #expect(try refusal(of: "memory://name", Untyped.self).code == .invalidType)
    let channel: SPSCChannel<Liar> = try makeRegistry().open("memory://name")
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    try sender.send(copying: [1, 2, 3].span)
    let count = try receiver.receive()?.count
    #expect(count == 3)
  }

  @Test("scalars of one's own have ids from 1000 on, and the alignment that a matrix can keep")
  func userScalars() throws {
    struct LowScalar: MessageScalar {
      static let vectorType: MessageType = 1001
      static let matrixType: MessageType = 0
      var a: Float
    }
    struct Wide: MessageScalar {
      static let vectorType: MessageType = 1001
      static let matrixType: MessageType = 1002
      var a: SIMD2<Double>
    }
    #expect(try refusal(of: "memory://name", Matrix<LowScalar>.self).code == .invalidType)
    let wide = try refusal(of: "memory://name", Matrix<Wide>.self)
    #expect(wide.code == .invalidType)
    #expect(wide.message.contains("the alignment can be at most 8"))
    let _: SPSCChannel<Vector<Wide>> = try makeRegistry().open("memory://name")
  }

  @Test("a channel carries one type, and another one's party is told both")
  func typeMismatch() throws {
    let registry = makeRegistry()
    let floats: SPSCChannel<FloatVector> = try registry.open("memory://name")
    try withExtendedLifetime(floats) {
      let error = try refusal(of: "memory://name", DoubleMatrix.self, in: registry)
      #expect(error.code == .mismatch)
      #expect(error.message.contains("'memory://name' carries Vector<Float> (type 1"))
      #expect(error.message.contains("opened here for Matrix<Double> (type 2"))
      #expect(error.message.contains("use one type on both sides"))
      #expect(try refusal(of: "memory://name", Bytes24.self, in: registry).code == .mismatch)
      #expect(try refusal(of: "memory://name", Mixed.self, in: registry).code == .mismatch)
    }
  }

  @Test("a transport that hands back another type's channel is found out")
  func wrongTransport() throws {
    struct Wrong: Transport {
      let scheme = "wrong"
      let optionNames: [String] = []

      func open(
        _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat,
        options: ChannelOptions
      ) throws(TransportError) -> LaneSet {
        try MemoryTransport().open(
          address, kind: kind, format: MessageFormat(Byte1.self), options: options)
      }
    }
    let registry = TransportRegistry([Wrong()])
    #expect(try refusal(of: "wrong://name", FloatVector.self, in: registry).code == .mismatch)
  }

  @Test("a type of the same id and another size or alignment is another type")
  func layoutMismatch() throws {
    struct Eight: FixedSizeMessage {
      static let messageType: MessageType = 1500
      var a: UInt64
    }
    struct Four: FixedSizeMessage {
      static let messageType: MessageType = 1500
      var a: UInt32
    }
    struct TwoFours: FixedSizeMessage {
      static let messageType: MessageType = 1500
      var a, b: UInt32
    }
    let registry = makeRegistry()
    let channel: SPSCChannel<Eight> = try registry.open("memory://name")
    try withExtendedLifetime(channel) {
      let size = try refusal(of: "memory://name", Four.self, in: registry)
      #expect(size.code == .mismatch)
      #expect(size.message.contains("8-byte values") && size.message.contains("4-byte values"))
      let alignment = try refusal(of: "memory://name", TwoFours.self, in: registry)
      #expect(alignment.code == .mismatch)
      #expect(
        alignment.message.contains("alignment 8") && alignment.message.contains("alignment 4"))
    }
  }

  @Test("an explicit capacity that the channel does not have is told what it has")
  func capacityMismatch() throws {
    let registry = makeRegistry()
    let channel: SPSCChannel<Bytes> = try registry.open("memory://name?capacity=64KiB")
    try withExtendedLifetime(channel) {
      let error = try refusal(of: "memory://name?capacity=32KiB", in: registry)
      #expect(error.code == .mismatch)
      #expect(error.message.contains("exists with a capacity of 64 KiB, not 32 KiB"))
      let same: SPSCChannel<Bytes> = try registry.open("memory://name?capacity=33KiB")
      #expect(same.capacity == 65536, "what is asked for is rounded up before it is compared")
      let any: SPSCChannel<Bytes> = try registry.open("memory://name")
      #expect(any.capacity == 65536)
    }
  }

  @Test("a channel is gone with its last handle, and the name free for another")
  func lastHandle() throws {
    let registry = makeRegistry()
    do {
      let one: SPSCChannel<Bytes> = try registry.open("memory://name")
      var sender = try one.sender()
      try sender.reserve(count: 3).send()
    }
    let two: SPSCChannel<FloatVector> = try registry.open("memory://name?capacity=4KiB")
    var receiver = try two.receiver()
    let isEmpty = try receiver.tryReceive() == nil
    #expect(isEmpty)
  }

  @Test("an end keeps its channel, even when no handle is left")
  func endKeepsChannel() throws {
    let registry = makeRegistry()
    func makeSender() throws -> Sender<Bytes> {
      let channel: SPSCChannel<Bytes> = try registry.open("memory://name")
      return try channel.sender()
    }
    var sender = try makeSender()
    try sender.reserve(count: 3).send()
    let again: SPSCChannel<Bytes> = try registry.open("memory://name")
    var receiver = try again.receiver()
    let count = try receiver.tryReceive()?.count
    #expect(count == 3)
  }

  @Test("each memory transport has names of its own, which its copies share")
  func names() throws {
    let transport = MemoryTransport()
    let one: SPSCChannel<Bytes> = try TransportRegistry([transport]).open("memory://name")
    let two: SPSCChannel<Bytes> = try TransportRegistry([transport]).open("memory://name")
    let other: SPSCChannel<Bytes> = try makeRegistry().open("memory://name")
    let sender = try one.sender()
    #expect(failure { _ = try two.sender() }?.code == .inUse)
    _ = try other.sender()
    sender.close()
  }

  @Test("many threads that open one name at once get one channel")
  func race() throws {
    let registry = makeRegistry()
    try watched {
      for _ in 0..<300 {
        let arrived = Counter()
        let claimed = Counter()
        let threads = (0..<4).map { _ in
          TestThread {
            let channel: SPSCChannel<Bytes> = try registry.open("memory://race")
            arrived.add(1)
            while arrived.value < 4 {}
            if let sender = try? channel.sender() {
              claimed.add(1)
              sender.close()
            }
          }
        }
        for thread in threads { try thread.join() }
        #expect(claimed.value >= 1)
      }
    }
  }

  @Test("two transports of one scheme are a mistake of the program")
  func twice() async {
    await #expect(processExitsWith: .failure) {
      _ = TransportRegistry([MemoryTransport(), MemoryTransport()])
    }
  }
}
