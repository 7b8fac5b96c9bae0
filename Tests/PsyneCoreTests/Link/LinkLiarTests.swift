import Testing

@testable import PsyneCore

/// Links whose other side lies: they fail with an error or go on, and hand out nothing but what came.
@Suite("LinkLiars", .serialized)
struct LinkLiarTests {
  @Test("crafted blocks, most of them nearly right")
  func blocks() throws { try simulate { try LinkLiar(seed: $0).run() } }

  @Test("bytes that are changed, lost or invented on the way")
  func tampering() throws {
    try simulate { try LinkSimulation<BytesLinkCargo>(seed: $0).runTampered() }
    try simulate { try LinkSimulation<StructLinkCargo>(seed: $0).runTampered() }
  }
}

/// A connector that says almost what an honest one would.
private final class LinkLiar {
  private var random: SeededRandom
  private let puppet: LinkPuppet
  /// What it has said that its stream is.
  private var stream: [UInt8] = []
  /// As far as there are frames in it.
  private var framed = 0
  private var readPosition = 0
  /// How much it has got.
  private var said = 0

  init(seed: UInt64) throws {
    random = SeededRandom(seed: seed)
    puppet = try LinkPuppet.established()
  }

  func run() throws {
    var sender = Optional(try puppet.outbound.sender())
    var receiver = Optional(try puppet.inbound.receiver())
    for _ in 0..<60 {
      if chance(of: 2) {
        _ = try? sender?.reserve(count: random.below(600), timeout: .zero).send()
      }
      said += puppet.said().count
      if chance(of: 30) { reconnect() }
      do {
        try puppet.hear(lie(), piece: 1 + random.below(500))
      } catch {
        guard !error.message.isEmpty else { throw SimulationFailure("it failed without a word") }
      }
      try check()
      for _ in 0..<random.below(4) { try receive(&receiver) }
      if chance(of: 30) { receiver = nil }
      if receiver == nil { receiver = try puppet.inbound.receiver() }
      if chance(of: 30) { sender = nil }
      if sender == nil { sender = try puppet.outbound.sender() }
      if puppet.link.phase == .failed || puppet.link.phase == .finished { break }
    }
  }

  private func chance(of one: Int) -> Bool { random.below(one) == 0 }

  /// Comes again, with positions that are almost right.
  private func reconnect() {
    puppet.link.disconnect()
    var hello = LinkPuppet.hello()
    hello.attempt = UInt32(random.below(10_000))
    hello.incarnation = chance(of: 4) ? LinkID(low: 5, high: 5) : LinkPuppet.incarnation
    hello.positions.received = nearly(puppet.link.outbound.head)
    hello.positions.whole = nearly(hello.positions.received)
    hello.positions.consumed = nearly(puppet.link.outbound.head)
    hello.positions.held = nearly(puppet.link.inbound.consumed)
    hello.positions.sent = nearly(stream.count)
    // A listener makes or finds its link for a hello that can be one.
    guard let hello = try? unsafe hello.encoded.withUnsafeBytes({ try unsafe Hello(decoding: $0) })
    else { return }
    do { _ = try puppet.link.accept(hello, now: 0) } catch { puppet.link.fail(error) }
  }

  private func nearly(_ value: Int) -> Int {
    guard chance(of: 8) else { return max(0, value) }
    return switch random.below(6) {
    case 0: 0
    case 1: max(0, value - 8)
    case 2: value + 8
    case 3: max(0, value + random.below(5000) - 2500)
    case 4: LaneLayout.positionLimit - 1
    default: Int(random.next() >> 1)
    }
  }

  private func lie() -> [UInt8] {
    if chance(of: 40) { return (0..<random.below(200)).map { _ in UInt8(random.below(256)) } }
    let kinds: [Block.Kind] = [
      .data, .data, .data, .data, .acknowledgement, .senderLeft, .receiverLeft, .receiverCame,
      .goodbye,
    ]
    var kind = kinds[random.below(kinds.count)]
    if kind == .goodbye, !chance(of: 10) { kind = .acknowledgement }
    if kind == .senderLeft, stream.count != framed { kind = .data }
    var body: [UInt8] = []
    if kind == .data { body = data() }
    let received = nearly(puppet.link.outbound.head + random.below(64))
    let block = Block(
      kind, length: body.isEmpty ? nearly(0) : nearly(body.count), position: nearly(stream.count),
      received: received, consumed: nearly(puppet.link.outbound.head))
    if puppet.link.phase == .established, block.length == body.count { stream += body }
    var bytes = block.encoded + body
    if chance(of: 40) { bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8)) }
    return bytes
  }

  /// Bytes of messages, not all of them whole and some of them wrong.
  private func data() -> [UInt8] {
    let room = LinkPuppet.capacity - (stream.count - puppet.link.inbound.consumed)
    let count = chance(of: 20) ? random.below(6000) : random.below(200)
    var frame = bytesFrame(count: count, type: chance(of: 60) ? .text : .bytes)
    for index in 8..<frame.count { frame[index] = UInt8(random.below(256)) }
    if stream.count == framed { framed += frame.count }
    return chance(of: 20) ? frame : Array(frame.prefix(max(1, room)))
  }

  /// What it hands out lies within what came.
  private func receive(_ receiver: inout Receiver<Bytes>?) throws {
    let lane = puppet.link.inbound
    let result: Result<Int?, ChannelError> = Result { () throws(ChannelError) in
      try receiver?.tryReceive()?.count
    }
    switch result {
    case .success(nil), .failure(.closed), .failure(.peerDied): return
    case .failure(let error): throw SimulationFailure("the lane is damaged: \(error)")
    case .success(let count?):
      readPosition += (count + 15) & ~7
      guard readPosition <= lane.whole else {
        throw SimulationFailure("\(readPosition) bytes were read, of \(lane.whole)")
      }
    }
  }

  private func check() throws {
    let link = puppet.link
    guard link.outbound.head <= said, link.outbound.head <= link.outbound.tail else {
      throw SimulationFailure("\(link.outbound.head) bytes are freed, and \(said) were sent")
    }
    guard (0...LinkPuppet.capacity).contains(link.inbound.whole - link.inbound.consumed) else {
      throw SimulationFailure("more lies in the lane than it holds")
    }
  }
}
