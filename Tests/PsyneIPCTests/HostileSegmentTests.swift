import Glibc
import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("Hostile segments")
struct HostileSegmentTests {
  /// Whether somebody lives who has the segment open.
  enum Company: CaseIterable {
    case alone, alive
  }

  func place(_ image: SegmentImage, _ company: Company) throws -> (Place, HeldLock?) {
    let place = try Place()
    try writeFile(place.path("c"), image.bytes)
    return (place, company == .alive ? try HeldLock.ofParty(path: place.path("c")) : nil)
  }

  static func image() -> SegmentImage {
    var image = SegmentImage(capacity: 4096)
    for number: UInt8 in 0..<5 { image.send([number, 0, 0, 0, 0, 0, 0, 0]) }
    return image
  }

  func expectFresh(_ channel: SPSCChannel<Bytes>) throws {
    var receiver = try channel.receiver()
    #expect(
      channelError { () throws(ChannelError) in _ = try receiver.receive(timeout: .zero) }
        == .timedOut)
    var sender = try channel.sender()
    try sender.send(number: 7)
    #expect(try receiver.number() == 7)
  }

  @Test("an image that is right is used: the documented layout is the true one")
  func documentedLayout() throws {
    for company in Company.allCases {
      let (place, party) = try place(Self.image(), company)
      let channel = try place.open("c", capacity: 4096)
      var receiver = try channel.receiver()
      for number in 0..<5 { #expect(try receiver.number() == number) }
      _ = party
    }
  }

  // MARK: What is no segment

  static let foreign: [(String, [UInt8])] = {
    var wrongMagic = image()
    wrongMagic.put(UInt8(0), at: SegmentLayout.magic)
    var short = image()
    short.truncate(to: 127)
    return [
      ("an empty file", []), ("a text", Array("To be or not to be".utf8)),
      ("a page of zeros", [UInt8](repeating: 0, count: 4096)),
      ("another magic number", wrongMagic.bytes), ("less than a header", short.bytes),
    ]
  }()

  @Test(
    "a file that is no segment is refused and never touched", arguments: foreign.indices,
    Company.allCases)
  func foreignFile(index: Int, company: Company) throws {
    let (name, bytes) = Self.foreign[index]
    let place = try Place()
    try writeFile(place.path("c"), bytes)
    let party = company == .alive ? try HeldLock.ofParty(path: place.path("c")) : nil
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == .corrupt, "\(name)")
    #expect(error?.message.contains("no Psyne channel") == true)
    #expect(try readFile(place.path("c")) == bytes)
    _ = party
  }

  // MARK: Segments of which the header is wrong

  static let damage: [(String, @Sendable (inout SegmentImage) -> Void)] = [
    ("version 0", { $0.put(UInt32(0), at: SegmentLayout.layoutVersion) }),
    ("a later version", { $0.put(SegmentLayout.version + 1, at: SegmentLayout.layoutVersion) }),
    ("kind", { $0.put(UInt32(77), at: SegmentLayout.kind) }),
    ("no kind", { $0.put(UInt32(0), at: SegmentLayout.kind) }),
    ("no senders", { $0.put(UInt32(0), at: SegmentLayout.producers) }),
    ("too many senders", { $0.put(UInt32(2), at: SegmentLayout.producers) }),
    ("as many senders as can be said", { $0.put(UInt32.max, at: SegmentLayout.producers) }),
    ("no receivers", { $0.put(UInt32(0), at: SegmentLayout.consumers) }),
    ("too many receivers", { $0.put(UInt32(2), at: SegmentLayout.consumers) }),
    ("as many receivers as can be said", { $0.put(UInt32.max, at: SegmentLayout.consumers) }),
    ("data elsewhere", { $0.put(UInt64(4096), at: SegmentLayout.dataOffset) }),
    ("data nowhere", { $0.put(UInt64.max, at: SegmentLayout.dataOffset) }),
    ("capacity 0", { $0.put(UInt64(0), at: SegmentLayout.capacity) }),
    ("capacity 1", { $0.put(UInt64(1), at: SegmentLayout.capacity) }),
    ("capacity not a power of two", { $0.put(UInt64(4097), at: SegmentLayout.capacity) }),
    ("capacity larger than the file", { $0.put(UInt64(8192), at: SegmentLayout.capacity) }),
    ("capacity enormous", { $0.put(UInt64(1) << 62, at: SegmentLayout.capacity) }),
    ("capacity negative", { $0.put(UInt64.max, at: SegmentLayout.capacity) }),
    ("file length", { $0.put(UInt64(1), at: SegmentLayout.fileBytes) }),
    ("file length negative", { $0.put(UInt64.max, at: SegmentLayout.fileBytes) }),
    ("truncated by a byte", { $0.truncate(to: $0.bytes.count - 1) }),
    ("truncated to its header", { $0.truncate(to: 4096) }),
    ("truncated within its header", { $0.truncate(to: 128) }),
    ("truncated to its lane", { $0.truncate(to: $0.data) }),
    ("too long", { $0.extend(by: 4096) }),
    ("element size 0", { $0.put(UInt32(0), at: SegmentLayout.elementSize) }),
    ("alignment 0", { $0.put(UInt32(0), at: SegmentLayout.elementAlignment) }),
    ("alignment 3", { $0.put(UInt32(3), at: SegmentLayout.elementAlignment) }),
    ("alignment enormous", { $0.put(UInt32(1) << 31, at: SegmentLayout.elementAlignment) }),
    ("fixed size 2", { $0.put(UInt32(2), at: SegmentLayout.isFixedSize) }),
  ]

  @Test(
    "a damaged one is replaced when nobody uses it, and refused and kept when somebody does",
    arguments: damage.indices)
  func damagedHeader(index: Int) throws {
    let (name, damage) = Self.damage[index]
    var image = Self.image()
    damage(&image)
    do {
      let (place, _) = try place(image, .alone)
      try expectFresh(place.open("c"))
    }
    let (place, party) = try place(image, .alive)
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == .corrupt, "\(name)")
    #expect(error?.message.contains(place.path("c")) == true)
    #expect(try readFile(place.path("c")) == image.bytes)
    _ = party
  }

  @Test("one of another version, left behind by the dead, is replaced, and that is reported")
  func reportsReplacement() throws {
    let log = DiagnosticLog.shared
    var image = Self.image()
    image.put(SegmentLayout.version + 1, at: SegmentLayout.layoutVersion)
    let (place, _) = try place(image, .alone)
    try expectFresh(place.open("c"))
    let messages = log.messages(.replaced, mentioning: place.path("c"))
    #expect(messages.count == 1 && messages[0].contains("version \(SegmentLayout.version + 1)"))
  }

  // MARK: Positions

  static let positions: [(String, tail: Int64, head: Int64, done: Int64)] = [
    ("tail behind head", 8, 16, 16), ("tail more than a lane ahead", 4096 + 8, 0, 0),
    ("tail enormous", .max - 7, 0, 0), ("tail negative", -8, -16, -16),
    ("all negative", .min, .min, .min),
    ("head negative", 16, -8, 0), ("head enormous", 16, .max - 7, 16),
    ("done ahead of tail", 16, 0, 24), ("done behind head", 32, 16, 8),
    ("done enormous", 16, 0, .max - 7), ("done negative", 16, 0, -8),
    ("tail between frames", 17, 0, 0), ("head between frames", 16, 1, 8),
    ("done between frames", 16, 0, 4), ("the end of all positions", .max, .max, .max),
  ]

  @Test(
    "impossible positions are refused at the claim of either end, or the segment replaced",
    arguments: positions.indices)
  func impossiblePositions(index: Int) throws {
    let (name, tail, head, done) = Self.positions[index]
    var image = Self.image()
    image.put(tail, inLane: LaneLayout.tail)
    image.put(head, inLane: LaneLayout.head)
    image.put(done, inLane: LaneLayout.done)
    do {
      let (place, _) = try place(image, .alone)
      try expectFresh(place.open("c"))
    }
    let (place, party) = try place(image, .alive)
    let channel = try place.open("c")
    for end in ["sender", "receiver"] {
      let error = transportError { () throws(TransportError) in try channel.claim(end) }
      #expect(error?.code == .corrupt, "\(name), \(end)")
      // It was given back.
      #expect(
        transportError { () throws(TransportError) in try channel.claim(end) }?.code == .corrupt)
    }
    _ = party
  }

  @Test(
    "positions near the largest are served until they end, then refused",
    arguments: [Int64.max - 4095 - 4096, Int64.max - 4095])
  func largestPositions(start: Int64) throws {
    var image = SegmentImage(capacity: 4096)
    for offset in [LaneLayout.tail, LaneLayout.head, LaneLayout.done] {
      image.put(start, inLane: offset)
    }
    let (place, _) = try place(image, .alone)
    let channel = try place.open("c")
    // No trap, whatever comes of it.
    _ = channelError { () throws(ChannelError) in
      guard var sender = try? channel.sender(), var receiver = try? channel.receiver() else {
        return
      }
      for number in 0..<2000 {
        try sender.send(copying: [UInt8(truncatingIfNeeded: number)].span, timeout: .zero)
        _ = try receiver.receive(timeout: .zero)
      }
    }
  }

  // MARK: Positions that change while an end is held

  @Test(
    "a tail that moves where no sender moves it stops the receiver, not the process",
    arguments: [-8, 4096 + 56, Int64.max, Int64.min, 1 << 40] as [Int64])
  func movingTail(tail: Int64) throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    var sender = try channel.sender()
    var receiver = try channel.receiver()
    for number in 0..<3 { try sender.send(number: number) }
    #expect(try receiver.number() == 0)
    for number in 1..<3 { #expect(try receiver.number() == number) }
    let scribbler = try Scribbler(path: place.path("c"))
    scribbler.put(tail, at: SegmentLayout.lane(0, of: .single(capacity: 4096)) + LaneLayout.tail)
    #expect(
      channelError { () throws(ChannelError) in _ = try receiver.receive(timeout: .zero) }
        == .corrupt(.position))
    #expect(
      channelError { () throws(ChannelError) in _ = try receiver.number() } == .corrupt(.position))
  }

  @Test(
    "a head that moves where no receiver moves it stops the sender, not the process",
    arguments: [-4096, 4096 + 8, Int64.max, Int64.min, 1 << 40] as [Int64])
  func movingHead(head: Int64) throws {
    let place = try Place()
    let channel = try place.open("c", capacity: 4096)
    var sender = try channel.sender()
    let receiver = try channel.receiver()
    try sender.send(copying: [UInt8](repeating: 1, count: 4000).span)
    let scribbler = try Scribbler(path: place.path("c"))
    scribbler.put(head, at: SegmentLayout.lane(0, of: .single(capacity: 4096)) + LaneLayout.head)
    for timeout in [Duration.zero, watchdog] {
      #expect(
        channelError { () throws(ChannelError) in
          try sender.send(copying: [UInt8](repeating: 1, count: 4000).span, timeout: timeout)
        } == .corrupt(.position))
    }
    #expect(
      channelError { () throws(ChannelError) in _ = try sender.tryReserve(count: 4000) }
        == .corrupt(.position))
    receiver.close()
  }

  // MARK: Frames

  static let frames: [(String, length: UInt32, type: UInt32, ChannelError.Corruption)] = [
    ("longer than what was published", 9, 10, .length), ("longer than the lane", 4096, 10, .length),
    ("as long as can be said", .max, 10, .length), ("one less", .max - 7, 10, .length),
    ("of another type", 8, 11, .type), ("of no type", 8, 0, .type),
    ("of a user's type", 8, 1000, .type),
  ]

  @Test("a bad frame stops the receiver there, and again", arguments: frames.indices)
  func badFrame(index: Int) throws {
    let (name, length, type, corruption) = Self.frames[index]
    var image = Self.image()
    image.send([9, 0, 0, 0, 0, 0, 0, 0], length: length, type: type)
    for company in Company.allCases {
      let (place, party) = try place(image, company)
      let channel = try place.open("c")
      var receiver = try channel.receiver()
      for number in 0..<5 { #expect(try receiver.number() == number) }
      for _ in 0..<2 {
        #expect(
          channelError { () throws(ChannelError) in _ = try receiver.number() }
            == .corrupt(corruption), "\(name)")
      }
      #expect(
        channelError { () throws(ChannelError) in _ = try receiver.tryReceive() }
          == .corrupt(corruption))
      _ = party
    }
  }
}
