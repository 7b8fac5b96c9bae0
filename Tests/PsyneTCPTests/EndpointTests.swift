import Testing

@testable import PsyneCore
@testable import PsyneTCP

@Suite("Endpoints")
struct EndpointTests {
  @Test(
    "hosts and ports are read",
    arguments: [
      ("tcp://example.org:9999", "example.org", 9999), ("tcp://10.0.0.7:0", "10.0.0.7", 0),
      ("tcp://[::1]:65535", "::1", 65535),
    ] as [(String, String, UInt16)])
  func right(_ text: String, _ host: String, _ port: UInt16) throws {
    let endpoint = try Endpoint(try ChannelAddress(text))
    #expect(endpoint == Endpoint(host: host, port: port))
    #expect("tcp://\(endpoint)" == text)
  }

  @Test(
    "what names none is refused, and said what would be right",
    arguments: [
      ("tcp://example.org", "port is missing"), ("tcp://example.org:", "no port"),
      ("tcp://example.org:70000", "no port"), ("tcp://example.org:+1", "no port"),
      ("tcp://::1:9999", "brackets"), ("tcp://:9999", "host is missing"),
      ("tcp://example.org:9999/path", "path"), ("tcp://[::1]", "port is missing"),
    ])
  func wrong(_ text: String, _ what: String) throws {
    let address = try ChannelAddress(text)
    let error = #expect(throws: TransportError.self) { _ = try Endpoint(address) }
    #expect(error?.code == .invalidAddress)
    #expect(error?.message.contains(what) == true)
  }
}
