import PsyneCore
import Testing

@testable import PsyneTCP

@Suite("Options of TCP")
struct OptionTests {
  private static let endless = Duration.seconds(Int64.max) * 10

  private static let wrong: [(name: String, @Sendable (inout TCPOptions) -> Void)] = [
    ("sndbuf", { $0.sendBuffer = .bytes(-1) }),
    ("sndbuf", { $0.sendBuffer = .gibibytes(2) }),
    ("rcvbuf", { $0.receiveBuffer = .bytes(0) }),
    ("notsentlowat", { $0.notSentLowWater = .bytes(.max) }),
    ("keepalive", { $0.keepAlive = .milliseconds(49) }),
    ("keepalive", { $0.keepAlive = endless }),
    ("keepalive", { $0.keepAlive = .zero - endless }),
    ("usertimeout", { $0.userTimeout = .zero }),
    ("usertimeout", { $0.userTimeout = endless }),
    ("linger", { $0.linger = .seconds(-1) }),
    ("linger", { $0.linger = endless }),
    ("maxmessage", { $0.largestMessage = .bytes(0) }),
    ("maxmessage", { $0.largestMessage = .bytes(.min) }),
    ("resume", { $0.resume = .nanoseconds(-1) }),
    ("resume", { $0.resume = endless }),
    ("connections", { $0.connections = 0 }),
    ("connections", { $0.connections = .max }),
    ("peraddress", { $0.connectionsPerAddress = .min }),
    ("peraddress", { $0.connectionsPerAddress = .max }),
    ("hellotimeout", { $0.helloTimeout = .zero }),
    ("hellotimeout", { $0.helloTimeout = endless }),
  ]

  @Test("what is out of range is refused by name, on both sides", arguments: wrong.indices)
  func range(_ index: Int) {
    var options = TCPOptions()
    let (name, set) = Self.wrong[index]
    set(&options)
    let registry = TransportRegistry([TCPTransport(options: options)])
    for error in [
      #expect(throws: TransportError.self) {
        _ = try Server<Numbers>("tcp://127.0.0.1:0", registry: registry)
      },
      #expect(throws: TransportError.self) {
        _ = try Connection<Numbers>("tcp://127.0.0.1:1", registry: registry)
      },
    ] {
      #expect(error?.code == .invalidOption)
      #expect(error?.message.contains("\(name) ") == true)
      #expect(error?.message.contains("it can be ") == true)
    }
  }

  @Test("what an address says is checked too, and takes the place of what the code says")
  func address() throws {
    var options = TCPOptions()
    options.connections = 0
    let address = try ChannelAddress("tcp://127.0.0.1:0?connections=3&linger=2s")
    #expect(try options.merging(address).connections == 3)
    #expect(try options.merging(address).linger == .seconds(2))
    for wrong in ["peraddress=0", "maxmessage=0", "hellotimeout=2h", "resume=9000h"] {
      let error = #expect(throws: TransportError.self) {
        _ = try TCPOptions().merging(try ChannelAddress("tcp://127.0.0.1:0?\(wrong)"))
      }
      #expect(error?.code == .invalidOption)
    }
  }

  @Test("the ends of each range can be had, and waiting for ever too")
  func ends() throws {
    var options = TCPOptions()
    options.keepAlive = .seconds(3600)
    options.userTimeout = .seconds(86400)
    options.linger = .zero
    options.resume = .seconds(8760 * 3600)
    options.helloTimeout = .seconds(3600)
    options.largestMessage = .bytes(.max)
    (options.connections, options.connectionsPerAddress) = (1_000_000, 1_000_000)
    let registry = TransportRegistry([TCPTransport(options: options)])
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: registry)
    let connection = try Connection<Numbers>(
      server.address, options: ChannelOptions(connectTimeout: Self.endless), registry: registry)
    var sender = try connection.sender()
    var receiver = try server.receiver()
    try send(0..<10, &sender)
    #expect(try receive(0..<10, &receiver) == nil)
  }
}
