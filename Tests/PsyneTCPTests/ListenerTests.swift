import CPsyne
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PsyneCore
@testable import PsyneTCP

/// What a listener does with those that come, called as its engine's threads call it.
@Suite("Listeners")
struct ListenerTests {
  private let terms = LinkTerms(
    format: MessageFormat(Numbers.self), capacity: 4096, largestMessage: 4096, keepAlive: 5000)
  private let loopback = Endpoint(host: "127.0.0.1", port: 0)

  private func listener(
    _ options: TCPOptions = TCPOptions(),
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void = { _ in }
  ) throws -> TCPListener {
    try TCPListener(
      loopback, scheme: "tcp", terms, options, Streams(codec: nil, maker: nil),
      LanePlacement(ChannelOptions(), of: try ChannelAddress("tcp://127.0.0.1:0")), Engines(1),
      accept)
  }

  /// Whether the other end has closed.
  private func isClosed(_ socket: Socket) -> Bool {
    var byte: UInt8 = 0
    return unsafe recv(socket.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 || errno == ECONNRESET
  }

  @Test("two sockets of one session at once: it has one connection, and no trace is left")
  func twice() throws {
    let carriers = Mutex<[Carrier]>([])
    let listener = try listener { carrier in carriers.withLock { $0.append(carrier) } }
    defer { listener.close() }
    for round in 0..<200 {
      var hello = Hello(role: .connector, terms: terms, session: .random(), incarnation: .none)
      hello.attempt = 1
      let arrived = Atomic<Int>(0)
      let threads = try (0..<2).map { _ in
        let (ours, theirs) = try socketPair()
        let said = hello
        return BackgroundThread {
          defer { theirs.close() }
          guard listener.admit(from: "here") else { throw TimedOut("there is room") }
          arrived.add(1, ordering: .relaxed)
          while arrived.load(ordering: .relaxed) < 2 {}
          try listener.greet(ours, SocketStream(ours), said, from: Endpoint(host: "here", port: 1))
        }
      }
      for thread in threads { try thread.join() }
      let made = carriers.withLock { carriers in
        defer { carriers = [] }
        return carriers
      }
      try #require(made.count == 1, "in round \(round)")
      made[0].abandon()
      try eventually("it is forgotten") { listener.guestCounts == (0, 0) }
    }
  }

  @Test("a session goes on with whom it belongs to, and with nobody else")
  func owner() throws {
    let carriers = Mutex<[Carrier]>([])
    let listener = try listener { carrier in carriers.withLock { $0.append(carrier) } }
    defer { listener.close() }
    func greet(_ attempt: UInt32, as subject: String?) throws -> Socket {
      let (ours, theirs) = try socketPair()
      try #require(listener.admit(from: "here"))
      var hello = Hello(
        role: .connector, terms: terms, session: LinkID(low: 7, high: 7), incarnation: .none)
      hello.attempt = attempt
      try listener.greet(
        ours, Shown(ours, subject), hello, from: Endpoint(host: "here", port: 1))
      return theirs
    }
    let first = try greet(1, as: "CN=own")
    defer { first.close() }
    for stranger in ["CN=other", nil] {
      let theirs = try greet(2, as: stranger)
      defer { theirs.close() }
      try eventually("\(stranger ?? "nobody") is turned away") { isClosed(theirs) }
    }
    #expect(listener.guestCounts == (0, 1))
    let carrier = try #require(carriers.withLock { $0.first })
    #expect(carrier.identity?.subject == "CN=own" && carrier.state == .connected)
    let again = try greet(2, as: "CN=own")
    defer { again.close() }
    try eventually("it goes on") { isClosed(first) }
    #expect(carrier.state == .connected)
    carrier.abandon()
    carriers.withLock { $0 = [] }
  }

  @Test("one address does not take every place at the door")
  func places() {
    var options = TCPOptions()
    options.connectionsPerAddress = 1000
    var guests = Guests(options)
    func admits(_ name: String) -> Bool { guests.admit(from: name) }
    for _ in 0..<Guests.mostStrangersOfAddress { #expect(admits("greedy")) }
    #expect(!admits("greedy"))
    #expect(admits("other"))
    guests.forgetStranger(from: "greedy")
    #expect(admits("greedy"))
  }

  @Test("a stranger's time ends, also when another thread hears of it just then")
  func deadline() throws {
    var options = TCPOptions()
    options.helloTimeout = .seconds(3600)
    let listener = try listener(options)
    defer { listener.close() }
    let engine = try listener.engines.next()
    for round in 0..<100 {
      let (ours, theirs) = try socketPair()
      defer { theirs.close() }
      try #require(listener.admit(from: "here"))
      let stranger = try Stranger(ours, Endpoint(host: "here", port: 1), listener, engine)
      stranger.begin()
      let hears = Atomic<Bool>(true)
      let other = BackgroundThread {
        let event = cpsyne_event(tag: 0, readable: true, writable: false, ending: false)
        while hears.load(ordering: .relaxed) { _ = stranger.isReady(event) }
      }
      stranger.isDue(now: .max)
      try eventually("it is gone, in round \(round)", within: .seconds(20)) { isClosed(theirs) }
      hears.store(false, ordering: .relaxed)
      try other.join()
      #expect(listener.guestCounts.strangers == 0)
    }
  }

  @Test("a crowd comes in by and by, and others have their turn between")
  func crowd() throws {
    let listener = try listener()
    defer { listener.close() }
    let socket = try TCPListener.listen(loopback, TCPOptions())[0]
    let port = try #require(SocketAddress(of: socket)).endpoint.port
    let ends = (0..<Door.crowd + 20).map { _ in CuttingProxy.connect(port) }
    #expect(ends.allSatisfy { $0 >= 0 })
    // Nobody serves this engine but us.
    let engine = try Engine()
    let door = Door(socket, listener, engine)
    try door.open()
    #expect(listener.guestCounts.strangers == Door.crowd)
    try eventually("the others are in") {
      engine.poll()
      return listener.guestCounts.strangers == ends.count
    }
    door.close()
    #expect(CuttingProxy.connect(port) < 0)
    for end in ends { close(end) }
    try eventually("all have left") {
      engine.poll()
      return listener.guestCounts.strangers == 0
    }
  }

  @Test("a door is told what to do about each error")
  func errors() {
    func meaning(_ number: Int32) -> String {
      switch Arrival(without: number) {
      case .stranger: "a stranger"
      case .gone: "gone"
      case .nobody: "nobody"
      case .failed(let why): "failed with \(why)"
      }
    }
    for number in [EAGAIN, EWOULDBLOCK] { #expect(meaning(number) == "nobody") }
    for number in [
      EINTR, ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
      EOPNOTSUPP, ENETUNREACH, EPERM,
    ] {
      #expect(meaning(number) == "gone", "\(number)")
    }
    for number in [EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, 4095] {
      #expect(meaning(number) == "failed with \(number)")
    }
  }

  @Test("where no file can be opened nobody comes in; afterwards they do")
  func files() async {
    await #expect(processExitsWith: .success) {
      let log = DiagnosticLog.shared
      let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
      // Its own files are there before there are no more.
      let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var before = rlimit()
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
      var none = before
      none.rlim_cur = 3
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
      try #require(CuttingProxy.connect(end, to: port(of: server.address)))
      try eventually("it is told") {
        !log.messages(.refused, mentioning: "ulimit -n").isEmpty
      }
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
      let connection = try Connection<Numbers>(server.address, registry: tcp)
      var sender = try connection.sender()
      var receiver = try server.receiver()
      try send(0..<10, &sender)
      try #require(try receive(0..<10, &receiver) == nil)
      close(end)
    }
  }

  @Test("one a second is told, and how many were not")
  func seldom() {
    let seldom = Seldom()
    #expect(seldom.pass("a", now: 5) == .told(untold: 0))
    #expect(seldom.pass("b", now: 1_000_000_004) == .heldBack(until: 1_000_000_005))
    for _ in 0..<9 { #expect(seldom.pass("c", now: 1_000_000_004) == .heldBack(until: nil)) }
    #expect(seldom.pass("d", now: 1_000_000_005) == .told(untold: 10))
    #expect(seldom.pass("e", now: 2_000_000_005) == .told(untold: 0))
  }

  @Test("what was held back is told when its second is over, and counts as the one of the next")
  func heldBack() {
    let seldom = Seldom()
    #expect(seldom.pass("a", now: 5) == .told(untold: 0))
    #expect(seldom.takeHeldBack(now: 1_000_000_005) == nil)
    for message in ["b", "c"] { _ = seldom.pass(message, now: 6) }
    #expect(seldom.takeHeldBack(now: 1_000_000_004) == nil)
    let told = seldom.takeHeldBack(now: 1_000_000_005)
    #expect(told?.message == "c" && told?.untold == 1)
    #expect(seldom.takeHeldBack(now: 1_000_000_005) == nil)
    #expect(seldom.pass("d", now: 1_000_000_006) == .heldBack(until: 2_000_000_005))
  }

  @Test("of several that are turned away at once all are told of, and none has to come for that")
  func severalAtOnce() async {
    // In a process of its own: one a second is told for all listeners.
    await #expect(processExitsWith: .success) {
      let log = DiagnosticLog.shared
      let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
      for _ in 0..<5 {
        let end = CuttingProxy.connect(port(of: server.address))
        _ = unsafe send(end, "garbage", 7, Int32(MSG_NOSIGNAL))
        var byte: UInt8 = 0
        // It is turned away when this returns.
        _ = unsafe recv(end, &byte, 1, 0)
        close(end)
      }
      // One a second, with those before it that were not.
      try eventually("the last is told, and with it all", within: .seconds(60)) {
        let told = log.messages(.refused, mentioning: "")
        let others = told.compactMap { message in
          message.components(between: "(and ", " before it)").flatMap { Int($0) }
        }
        return told.count + others.reduce(0, +) == 5
      }
    }
  }

  @Test("whoever leaves before it has said hello was not turned away", arguments: [true, false])
  func left(_ isReset: Bool) async {
    await #expect(processExitsWith: .success) { [isReset] in
      let log = DiagnosticLog.shared
      let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
      let end = CuttingProxy.connect(port(of: server.address))
      _ = unsafe send(end, [0x89, 0x50] as [UInt8], 2, Int32(MSG_NOSIGNAL))
      if isReset {
        var hard = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(end, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
      }
      close(end)
      let why = isReset ? "Connection reset by peer" : "2 of its 128 bytes had come"
      try eventually("it is told") {
        !log.messages(.refused, mentioning: " left before it had said hello: \(why)").isEmpty
      }
      try #require(log.messages(.refused, mentioning: "turned away").isEmpty)
    }
  }

  private static let hasIPv6 =
    (try? TCPListener.listen(Endpoint(host: "::1", port: 0), TCPOptions())[0].close()) != nil

  @Test("who comes over IPv4 to a socket of IPv6 is named as IPv4", .enabled(if: hasIPv6))
  func mapped() throws {
    let server = try Server<Numbers>("tcp://[::]:0?peraddress=1", registry: tcp)
    let port = port(of: server.address)
    let first = try Connection<Numbers>("tcp://127.0.0.1:\(port)", registry: tcp)
    try eventually("it is there") { server.peers.count == 1 }
    #expect(server.peers.first?.name.hasPrefix("127.0.0.1:") == true)
    let second = try Connection<Numbers>("tcp://[::1]:\(port)", registry: tcp)
    try eventually("both are there") { server.peers.count == 2 }
    #expect(server.peers.last?.name.hasPrefix("[::1]:") == true)
    #expect(first.state == .connected && second.state == .connected)
  }
}

extension String {
  /// What stands between the first `start` and the next `end`.
  fileprivate func components(between start: String, _ end: String) -> Substring? {
    guard let first = firstRange(of: start) else { return nil }
    let rest = self[first.upperBound...]
    return rest.firstRange(of: end).map { rest[..<$0.lowerBound] }
  }
}

/// A socket's stream whose other side has shown who it is.
private final class Shown: PassingStream {
  private let shown: PeerIdentity?
  override var identity: PeerIdentity? { shown }

  init(_ socket: Socket, _ subject: String?) {
    shown = subject.map {
      PeerIdentity(subject: $0, names: [], issuer: "CN=authority", fingerprint: "", security: "")
    }
    super.init(socket)
  }
}
