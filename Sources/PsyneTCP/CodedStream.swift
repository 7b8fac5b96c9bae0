internal import CPsyne
internal import Glibc
internal import PsyneCore

/// Has a codec encode what goes over another stream, block by block, and decode what comes.
///
/// The hellos travel as they are: they say which codec it is. So does all that comes behind a hello that
/// turns somebody away. It holds a block that is to be sent and two that have come, whatever the other side
/// says.
@safe
final class CodedStream: ByteStream {
  private let inner: any ByteStream
  private let encoder: any BlockEncoder
  private let decoder: any BlockDecoder
  private var ownFailure: LinkError?
  private let counts: CodecTallies
  /// Whether the codec does not count for itself.
  private let countsOut: Bool
  private let countsIn: Bool

  // The speed of the wire, if the codec wants to know it
  private let measuresWire: Bool
  private var meter = WireMeter()

  // What goes
  private var helloToSend = Hello.bytes
  /// A block as we were given it, and as it travels: of that, the bytes `outgoing` are left.
  private let block: UnsafeMutableBufferPointer<UInt8> = .allocate(capacity: blockBytes)
  private let encoded: UnsafeMutableBufferPointer<UInt8> = .allocate(
    capacity: BlockHeader.bytes + blockBytes)
  private var outgoing = 0..<0

  // What comes
  private var hello: [UInt8] = []
  private var helloToCome: Int
  /// What has come: of that, the bytes `arrived` are not decoded.
  private let arrivals: UnsafeMutableBufferPointer<UInt8> = .allocate(capacity: 2 * blockBytes)
  private var arrived = 0..<0
  /// A block that there was no room for: of that, the bytes `left` are not taken.
  private let decoded: UnsafeMutableBufferPointer<UInt8> = .allocate(capacity: blockBytes)
  private var left = 0..<0
  /// The other side's hello has turned us away.
  private var isRefused = false

  private static var blockBytes: Int { 64 << 10 }

  /// - Parameter hasHello: whether the other side's has been read already.
  init(_ inner: any ByteStream, _ codec: any BlockCodec, elementSize: Int, hasHello: Bool) {
    self.inner = inner
    encoder = codec.makeEncoder(elementSize: elementSize)
    decoder = codec.makeDecoder(elementSize: elementSize)
    helloToCome = hasHello ? 0 : Hello.bytes
    (countsOut, countsIn) = (encoder.tally == nil, decoder.tally == nil)
    counts = CodecTallies(
      outbound: encoder.tally ?? CodecTally(), inbound: decoder.tally ?? CodecTally())
    measuresWire = encoder.wantsWireSpeed
  }

  deinit {
    unsafe block.deallocate()
    unsafe encoded.deallocate()
    unsafe arrivals.deallocate()
    unsafe decoded.deallocate()
  }

  var isDirect: Bool { false }
  var failure: LinkError? { ownFailure ?? inner.failure }
  var identity: PeerIdentity? { inner.identity }
  var encryption: ConnectionEncryption? { inner.encryption }
  var tallies: CodecTallies? { counts }
  var unsentBytes: Int { outgoing.count + inner.unsentBytes }

  // MARK: Sending

  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    lookAtWire()
    if helloToSend > 0 {
      let count = unsafe inner.send(rebased(head, 0..<min(head.count, helloToSend)), nothing)
      if count > 0 { helloToSend -= count }
      return count
    }
    // One block at a time: what is held is bounded.
    guard flushOutgoing() >= 0 else { return -1 }
    let ofHead = min(head.count, Self.blockBytes)
    let ofBody = min(body.count, Self.blockBytes - ofHead)
    let source = unsafe UnsafeMutableRawBufferPointer(block)
    unsafe source.copyMemory(from: rebased(head, 0..<ofHead))
    unsafe UnsafeMutableRawBufferPointer(rebasing: source[ofHead...])
      .copyMemory(from: rebased(body, 0..<ofBody))
    encode(ofHead + ofBody)
    // They are taken, wherever they are now.
    _ = flushOutgoing()
    return ofHead + ofBody
  }

  private func encode(_ count: Int) {
    let target = unsafe UnsafeMutableBufferPointer(
      rebasing: encoded[BlockHeader.bytes..<BlockHeader.bytes + count])
    var span = unsafe MutableSpan(_unsafeElements: target)
    let start = countsOut ? cpsyne_monotonic_ns() : 0
    let written = encoder.encode(
      unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: block[..<count])), into: &span)
    if countsOut {
      counts.outbound.add(
        plain: count, wire: written, nanoseconds: cpsyne_monotonic_ns() - start)
    }
    if let written {
      precondition(written > 0 && written < count, "a codec makes fewer bytes, or none")
    } else {
      _ = unsafe target.update(fromContentsOf: block[..<count])
    }
    let header = BlockHeader(plain: count, encoded: written ?? 0)
    unsafe UnsafeMutableRawBufferPointer(encoded).storeBytes(
      of: header.word.littleEndian, as: UInt32.self)
    outgoing = 0..<BlockHeader.bytes + (written ?? count)
  }

  func flush() -> Int {
    lookAtWire()
    let result = flushOutgoing() < 0 ? -1 : inner.flush()
    guard measuresWire else { return result }
    let number = errno
    meter.rests(waiting: unsentBytes, now: cpsyne_monotonic_ns())
    errno = number
    return result
  }

  /// Tells the codec what has become of what was handed on before.
  private func lookAtWire() {
    guard meter.isWaiting else { return }
    if let sample = meter.goesOn(waiting: unsentBytes, now: cpsyne_monotonic_ns()) {
      encoder.wireMoved(sample)
    }
  }

  private func flushOutgoing() -> Int {
    while !outgoing.isEmpty {
      let count = unsafe inner.send(
        UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: encoded[outgoing])), nothing)
      guard count > 0 || errno == EINTR else { return -1 }
      outgoing = outgoing.lowerBound + max(0, count)..<outgoing.upperBound
    }
    return 0
  }

  func relax() { inner.relax() }

  func finishSending() {
    _ = flushOutgoing()
    inner.finishSending()
  }

  // MARK: Receiving

  func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int {
    if helloToCome > 0 { return unsafe receiveHello(second) }
    if isRefused { return unsafe inner.receive(first, second) }
    while left.isEmpty {
      do throws(CodecError) {
        if let count = try unsafe decodeNext(into: first) {
          if count > 0 { return count }
          continue
        }
      } catch {
        ownFailure = LinkError(.malformed, "what came cannot be decoded: \(error.message)")
        errno = EPROTO
        return -1
      }
      makeRoom()
      let room = unsafe UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: arrivals[arrived.upperBound...]))
      let count = unsafe inner.receive(
        room, UnsafeMutableRawBufferPointer(start: nil, count: 0))
      guard count > 0 else { return count }
      arrived = arrived.lowerBound..<arrived.upperBound + count
    }
    let inFirst = unsafe takeLeft(first)
    return unsafe inFirst + takeLeft(second)
  }

  private func receiveHello(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(helloToCome))
    let count = unsafe inner.receive(room, UnsafeMutableRawBufferPointer(start: nil, count: 0))
    guard count > 0 else { return count }
    unsafe hello += room.prefix(count)
    helloToCome -= count
    if helloToCome == 0 {
      isRefused = Hello.isRefusal(hello.span)
      hello = []
    }
    return count
  }

  /// There is room for a whole block in front of the end.
  private func makeRoom() {
    guard arrived.lowerBound > 0 else { return }
    let bytes = unsafe UnsafeMutableRawBufferPointer(arrivals)
    unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[arrived]))
    arrived = 0..<arrived.count
  }

  private func takeLeft(_ target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(target.count, left.count)
    guard count > 0 else { return 0 }
    let end = left.lowerBound + count
    unsafe target.copyMemory(
      from: rebased(UnsafeRawBufferPointer(decoded), left.lowerBound..<end))
    left = end..<left.upperBound
    return count
  }

  /// Decodes the next block, if all of it is there.
  ///
  /// - Returns: how many bytes of it are in `direct`: all, or none; nil if some have not come.
  private func decodeNext(
    into direct: UnsafeMutableRawBufferPointer
  ) throws(CodecError) -> Int? {
    guard arrived.count >= BlockHeader.bytes else { return nil }
    let word = unsafe UnsafeRawBufferPointer(arrivals)
      .loadUnaligned(fromByteOffset: arrived.lowerBound, as: UInt32.self)
    let header = BlockHeader(UInt32(littleEndian: word))
    guard header.isPossible else {
      throw CodecError("a block of \(header.plain) bytes is said to have become \(header.encoded)")
    }
    let start = arrived.lowerBound + BlockHeader.bytes
    let end = start + header.travelling
    guard end <= arrived.upperBound else { return nil }
    let isDirect = direct.count >= header.plain
    let target =
      unsafe isDirect
      ? direct.prefix(header.plain).withMemoryRebound(to: UInt8.self) { unsafe $0 }
      : UnsafeMutableBufferPointer(rebasing: decoded[..<header.plain])
    try unsafe decode(header, UnsafeBufferPointer(rebasing: arrivals[start..<end]), target)
    if !isDirect { left = 0..<header.plain }
    arrived = end..<arrived.upperBound
    return isDirect ? header.plain : 0
  }

  private func decode(
    _ header: BlockHeader, _ bytes: UnsafeBufferPointer<UInt8>,
    _ target: UnsafeMutableBufferPointer<UInt8>
  ) throws(CodecError) {
    let source = unsafe Span(_unsafeElements: bytes)
    let start = countsIn ? cpsyne_monotonic_ns() : 0
    if header.encoded > 0 {
      var span = unsafe MutableSpan(_unsafeElements: target)
      try decoder.decode(source, into: &span)
    } else {
      _ = unsafe target.update(fromContentsOf: bytes)
      decoder.passed(source)
    }
    if countsIn {
      counts.inbound.add(
        plain: header.plain, wire: header.encoded > 0 ? header.encoded : nil,
        nanoseconds: cpsyne_monotonic_ns() - start)
    }
  }

  private func rebased(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: bytes[range]) }

  private var nothing: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  }
}

/// What stands before an encoded block: how many bytes it makes, and how many travel.
struct BlockHeader {
  /// 1 to 65,536.
  let plain: Int
  /// 0 where it travels as it is.
  let encoded: Int

  static let bytes = 4

  init(plain: Int, encoded: Int) {
    self.plain = plain
    self.encoded = encoded
  }

  init(_ word: UInt32) {
    plain = Int(word & 0xffff) + 1
    encoded = Int(word >> 16)
  }

  var word: UInt32 { UInt32(plain - 1) | UInt32(encoded) << 16 }
  /// Fewer bytes than it makes, or it would travel as it is.
  var isPossible: Bool { encoded < plain }
  var travelling: Int { encoded > 0 ? encoded : plain }
}
