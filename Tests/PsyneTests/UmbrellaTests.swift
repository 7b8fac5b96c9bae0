import Psyne
import Testing

/// `import Psyne` alone gives everything, under the standard registry.
@Suite("Umbrella")
struct UmbrellaTests {
  @Test("the standard registry has every transport of the package")
  func schemes() {
    #expect(
      TransportRegistry.standard.schemes == ["ipc", "lz4+tcp", "lz4+tls", "memory", "tcp", "tls"])
  }

  @Test("a channel opens by its address alone, and both handles are the same channel")
  func open() throws {
    let one = try SPSCChannel<FloatVector>("memory://umbrella", capacity: .kibibytes(64))
    let two = try SPSCChannel<FloatVector>("memory://umbrella")
    var sender = try one.sender()
    var receiver = try two.receiver()
    var samples = try sender.reserve(count: 3)
    for index in 0..<3 { samples[index] = Float(index) }
    samples.send()
    let count = try receiver.receive()?.count
    #expect(count == 3)
  }

  @Test("an unknown scheme names those that the standard registry has")
  func unknown() {
    let error = #expect(throws: TransportError.self) {
      _ = try SPSCChannel<Bytes>("udp://somewhere")
    }
    #expect(error?.code == .unknownScheme)
    #expect(error?.message.contains("ipc, lz4+tcp, lz4+tls, memory, tcp, tls") == true)
  }

  @Test("an unknown option names what the whole scheme knows")
  func option() {
    let error = #expect(throws: TransportError.self) {
      _ = try Connection<Bytes>("lz4+tcp://127.0.0.1:1?levl=3")
    }
    #expect(error?.message.contains("lz4+tcp knows: capacity") == true)
    #expect(error?.message.contains("did you mean 'level'?") == true)
  }
}
