import Psyne
import TestSupport
import Testing

/// What can be seen of codecs, and asked of them, over real sockets.
@Suite("Codecs of connections")
struct CodecTests {
  typealias Body = Vector<UInt32>

  @Test(
    "both sides count what was encoded and decoded, and forget nobody",
    arguments: [Scheme.encoded, .compressed, .compressedAndEncrypted])
  func counters(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    #expect(server.codecStatistics == nil)
    var receiver = try server.receiver()
    var sent = 0
    for _ in 0..<2 {
      let connection = try Connection<Body>(server.address)
      var sender = try connection.sender()
      try sendNumbers(0..<5000, &sender)
      #expect(try receiveNumbers(0..<5000, &receiver) == nil)
      let out = try #require(connection.statistics.codec?.outbound)
      #expect(out.plainBytes > connection.statistics.outbound.bytes)
      #expect(out.wireBytes < out.plainBytes && out.ratio > 1)
      #expect(out.blocks > 0 && out.passed <= out.blocks && out.time > .zero)
      let peer = try #require(server.peers.last?.id)
      let came = try #require(server.statistics(of: peer)?.codec?.inbound)
      #expect(came.plainBytes <= out.plainBytes && came.plainBytes > 0 && came.time > .zero)
      #expect(server.statistics(of: peer)?.inbound.messages == 5000)
      sender.close()
      // Also when it is gone.
      sent += out.plainBytes
      try eventually("all of it is counted") {
        server.codecStatistics?.inbound.plainBytes ?? 0 >= sent
      }
    }
    try eventually("all are gone") {
      _ = try receiver.tryReceive()?.count
      return server.peers.isEmpty
    }
    #expect(server.codecStatistics?.inbound.plainBytes ?? 0 >= sent)
  }

  @Test(
    "where there is no codec, nothing is counted", arguments: [Scheme.memory, .ipc, .tcp, .tls])
  func none(_ scheme: Scheme) throws {
    let server = try Server<Body>(scheme.address())
    let connection = try Connection<Body>(server.address)
    #expect(connection.statistics.codec == nil && connection.details.codec == nil)
    #expect(server.codecStatistics == nil)
  }

  @Test(
    "a connection says how its bytes travel",
    arguments: [
      (Scheme.memory, "shared memory"), (.ipc, "shared memory"), (.tcp, "TCP"),
      (.tls, "TCP; TLS 1.3, TLS_AES_256_GCM_SHA384, x25519, not by the kernel"),
      (.encoded, "TCP; zeros"), (.compressed, "TCP; lz4 (level auto, shuffle no)"),
      (
        .compressedAndEncrypted,
        "TCP; TLS 1.3, TLS_AES_256_GCM_SHA384, x25519, not by the kernel; lz4 (level auto, shuffle no)"
      ),
    ])
  func details(_ scheme: Scheme, _ words: String) throws {
    let options = scheme.rawValue.hasPrefix("lz4") ? "level=auto&shuffle=no" : ""
    let server = try Server<Body>(scheme.address(options))
    let connection = try Connection<Body>(server.address + (options.isEmpty ? "" : "?\(options)"))
    #expect("\(connection.details)" == words)
    #expect("\(connection)".hasPrefix("\(connection.peer), over TCP") != scheme.isLocal)
    #expect("\(connection)".hasSuffix(", connected"))
    try eventually("the server knows it") {
      server.peers.first.flatMap { server.details(of: $0.id) }.map { "\($0)" } == words
    }
  }

  // MARK: Batches

  @Test("messages that follow each other become fewer blocks when they wait for more")
  func batches() throws {
    func blocks(_ options: String, atOnce count: Int) throws -> CodecCounters {
      let server = try Server<Body>(Scheme.compressed.address())
      let connection = try Connection<Body>("\(server.address)?flush=immediate\(options)")
      var sender = try connection.sender()
      var receiver = try server.receiver()
      for first in stride(from: 1, to: 91, by: count) {
        try sendNumbers(first..<first + count, &sender)
        #expect(try receiveNumbers(first..<first + count, &receiver) == nil)
      }
      return connection.statistics.codec?.outbound ?? CodecCounters()
    }
    #expect(try blocks("", atOnce: 1).blocks >= 90)
    #expect(try blocks("&batch=500ms", atOnce: 90).blocks < 40)
  }

  @Test(
    "nothing that is done at once waits: draining, closing, and a lane that is full",
    .timeLimit(.minutes(1)))
  func haste() throws {
    // If any of these took a second, all would take more than a minute.
    let server = try Server<Body>(Scheme.compressed.address("capacity=4KiB"))
    let received = BackgroundThread {
      var receiver = try server.receiver()
      for _ in 0..<60 { if let wrong = try receiveNumbers(1..<40, &receiver) { return wrong } }
      for _ in 0..<100 { if let wrong = try receiveNumbers(1..<4, &receiver) { return wrong } }
      for _ in 0..<20 { if let wrong = try receiveNumbers(1..<2, &receiver) { return wrong } }
      return -1
    }
    let connection = try Connection<Body>("\(server.address)?capacity=4KiB&batch=1s")
    var sender = try connection.sender()
    for _ in 0..<60 { try sendNumbers(1..<40, &sender) }
    for _ in 0..<100 {
      try sendNumbers(1..<4, &sender)
      try sender.drain()
    }
    sender.close()
    for _ in 0..<20 {
      let connection = try Connection<Body>("\(server.address)?capacity=4KiB&batch=1s")
      var sender = try connection.sender()
      try sendNumbers(1..<2, &sender)
    }
    #expect(try received.join() == -1)
  }

  @Test("what waits goes when its time is over, and keeps no connection from being kept alive")
  func time() throws {
    let server = try Server<Body>(Scheme.compressed.address("keepalive=50ms"))
    let connection = try Connection<Body>("\(server.address)?keepalive=50ms&batch=20ms")
    var sender = try connection.sender()
    var receiver = try server.receiver()
    for number in 0..<5 {
      try sendNumbers(number..<number + 1, &sender)
      #expect(try receiveNumbers(number..<number + 1, &receiver) == nil)
    }
    #expect(connection.state == .connected)
  }
}
