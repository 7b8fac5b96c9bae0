import Glibc
import PsyneCore
import PsyneTCP
@testable import PsyneTLS
import Synchronization
import TestSupport
import Testing

/// Strangers by the hundred, who cost the listener memory and handshakes.
@Suite("Floods of strangers over TLS")
struct HandshakeFloodTests {
  private typealias Numbers = Vector<UInt64>

  private func registry() -> TransportRegistry { TransportRegistry([TLSTransport()]) }

  @Test("a connection goes on while others begin handshakes, and fail or do not end them")
  func flood() throws {
    let (place, other) = (try Place(), try Place())
    try place.server()
    let server = try Server<Numbers>(
      "tls://127.0.0.1:0?cert=\(place.path("server.pem"))&key=\(place.path("server.key"))&hellotimeout=60s",
      registry: registry())
    let connection = try Connection<Numbers>(
      "\(server.address)?ca=\(place.path("ca.pem"))", registry: registry())
    let port = try #require(UInt16(server.address.split(separator: ":").last ?? ""))

    // They are let in, and waited for. Fewer than a listener has room for, so that others come in too.
    let hello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]
    let ends = (0..<100).map { _ in CuttingProxy.connect(port) }
    defer { for end in ends { close(end) } }
    for end in ends { _ = unsafe send(end, hello, hello.count, Int32(MSG_NOSIGNAL)) }

    // These do what costs the listener most, and find then that they do not know its authority.
    let isOver = Atomic<Bool>(false)
    let failures = Atomic<Int>(0)
    let address = "\(server.address)?ca=\(other.path("ca.pem"))&connecttimeout=60s"
    let floods = (0..<2).map { _ in
      BackgroundThread { [self] in
        let registry = registry()
        while !isOver.load(ordering: .relaxed) {
          let error = #expect(throws: TransportError.self) {
            _ = try Connection<Numbers>(address, registry: registry)
          }
          #expect(error?.message.contains("authority") == true, "\(String(describing: error))")
          failures.add(1, ordering: .relaxed)
        }
      }
    }

    var questions = try Questions(server, connection)
    var number: UInt64 = 0
    // As long as it takes for many of them to have failed.
    while number < 1_000 || failures.load(ordering: .relaxed) < 100 {
      try questions.ask(number)
      number += 1
    }
    isOver.store(true, ordering: .relaxed)
    for flood in floods { try flood.join() }
    #expect(server.peers.count == 1 && server.peers.first?.state == .connected)
  }
}
