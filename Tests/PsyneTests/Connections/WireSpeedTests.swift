import Psyne
import Synchronization
import TestSupport
import Testing

/// A codec that changes nothing, and keeps what it is told of the wire.
private final class Listening: BlockCodec {
  let name = "listening"
  let id: UInt16 = 1001
  let optionNames: [String] = []
  let samples = Mutex<[WireSample]>([])

  func merging(_ address: ChannelAddress) -> Self { self }
  func makeEncoder(elementSize: Int) -> any BlockEncoder { Encoder(self) }
  func makeDecoder(elementSize: Int) -> any BlockDecoder { Decoder() }

  private final class Encoder: BlockEncoder {
    private let codec: Listening

    init(_ codec: Listening) { self.codec = codec }

    func encode(_ block: Span<UInt8>, into encoded: inout MutableSpan<UInt8>) -> Int? { nil }
    var wantsWireSpeed: Bool { true }
    func wireMoved(_ sample: WireSample) { codec.samples.withLock { $0.append(sample) } }
  }

  private final class Decoder: BlockDecoder {
    func decode(_ encoded: Span<UInt8>, into block: inout MutableSpan<UInt8>) throws(CodecError) {
      throw CodecError("nothing is encoded")
    }
    func passed(_ block: Span<UInt8>) {}
  }
}

@Suite("What a codec is told of the wire")
struct WireSpeedTests {
  @Test("what waits in the socket while the other side is stopped, and leaves when it goes on")
  func stall() throws {
    let codec = Listening()
    let registry = TransportRegistry([TCPTransport().encoded(by: codec)])
    let server = try Server<Bytes>(
      "listening+tcp://127.0.0.1:0?capacity=32MiB", registry: registry)
    let proxy = try CuttingProxy(to: UInt16(server.address.split(separator: ":").last ?? "") ?? 0) {
      .max
    }
    defer { proxy.stop() }
    let connection = try Connection<Bytes>(
      "listening+tcp://127.0.0.1:\(proxy.port)?capacity=32MiB", registry: registry)
    proxy.stall(true)
    var sender = try connection.sender()
    for _ in 0..<31 { try sender.reserve(count: (1 << 20) - 8).send() }
    proxy.stall(false)
    var receiver = try server.receiver()
    for _ in 0..<31 { #expect(try receiver.receive(timeout: watchdog)?.count == (1 << 20) - 8) }
    receiver.release()
    try sender.drain(timeout: watchdog)
    let left = codec.samples.withLock { $0.filter { !$0.isAtMost }.map(\.bytes).reduce(0, +) }
    #expect(left > 1 << 16)
    // Nobody has more than that from nowhere.
    let all = codec.samples.withLock { $0.map(\.bytes).reduce(0, +) }
    #expect(all < 40 << 20)
  }
}
