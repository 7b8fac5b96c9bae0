import Psyne
import Synchronization
import TestSupport
import Testing

/// Connections that are cut at random bytes, whatever they pass on their way.
@Suite("Cut connections")
struct CutTests {
  typealias Body = Vector<UInt32>

  @Test(
    "cut again and again: nothing is lost and nothing comes twice",
    arguments: [Scheme.tls, .encoded, .compressed, .compressedAndEncrypted])
  func cuts(_ scheme: Scheme) throws {
    let (count, cuts) = isVerifying ? (500_000, 100) : (50_000, 10)
    // Of a message's about 250, so many at most are on their way.
    let bytes = scheme.rawValue.hasPrefix("lz4") ? 20 : 100
    let seed = makeSeed("cuts of \(scheme.rawValue)")
    let generator = Mutex(SeededGenerator(seed: seed))
    let server = try Server<Body>(scheme.address("capacity=256KiB&resume=60s"))
    let port = try #require(UInt16(server.address.split(separator: ":").last ?? ""))
    let proxy = try CuttingProxy(to: port) {
      generator.withLock { .random(in: 0..<2 * bytes * count / cuts, using: &$0) }
    }
    defer { proxy.stop() }
    let connection = try Connection<Body>(
      "\(scheme.rawValue)://127.0.0.1:\(proxy.port)?capacity=256KiB&resume=60s&connecttimeout=20s")
    let receiving = BackgroundThread {
      var receiver = try server.receiver()
      return try receiveNumbers(0..<count, &receiver)
    }
    var sender = try connection.sender()
    try sendNumbers(0..<count, &sender)
    #expect(try receiving.join() == nil)
    #expect(proxy.cuts >= cuts / 5, "\(proxy.cuts) cuts")
    proxy.beKind()
    try sender.drain(timeout: watchdog)
    #expect(connection.state == .connected)
    guard scheme != .tls else { return }
    // Of all sockets, the last of which has seen a part alone.
    let statistics = connection.statistics
    #expect(statistics.codec?.outbound.plainBytes ?? 0 >= statistics.outbound.bytes)
  }
}
