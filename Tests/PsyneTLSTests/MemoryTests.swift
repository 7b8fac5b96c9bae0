import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

@Suite("Memory", .serialized)
struct MemoryTests {
  /// Bytes of memory that the system has given to this process.
  private func used() throws -> Int {
    let pages = try readText("/proc/self/statm").split(separator: " ")
    return try #require(Int(pages[1])) * Int(getpagesize())
  }

  @Test("an idle session has little")
  func idle() throws {
    let place = try Place()
    try place.server()
    try place.client()
    let connector = try place.connector("client")
    let listener = try place.listener { $0.authorities = place.path("ca.pem") }
    var ends: [End] = []
    ends.reserveCapacity(400)
    let before = try used()
    for _ in 0..<200 {
      let client = End(try connector.session(host: "localhost"))
      let server = End(try listener.session())
      (client.outgoing, server.outgoing) = ([1, 2, 3], [4, 5, 6])
      pump(client, server)
      ends += [client, server]
    }
    let withBuffers = try (used() - before) / ends.count
    for end in ends { end.session.relax() }
    let bytes = try (used() - before) / ends.count
    print("memory of an idle session: \(bytes) bytes; \(withBuffers) with its buffers")
    // Other tests run beside it: what is measured is an upper bound, and this is a loose one.
    #expect(bytes < 256 << 10)
    withExtendedLifetime(ends) {}
  }
}
