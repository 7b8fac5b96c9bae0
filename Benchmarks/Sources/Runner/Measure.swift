/// What is measured of a contender.
struct Measure: Hashable {
  enum Kind: String {
    case oneWay = "one-way"
    case roundTrip = "round-trip"
    /// A round trip after both sides have been idle for long enough to sleep.
    case parkedRoundTrip = "parked-round-trip"
    /// Round trips of sides that go to sleep at once, one after the other.
    case parkedPingPong = "parked-ping-pong"
    /// Messages a second of several producers and consumers.
    case contest
    /// One way at a steady rate: how long a message takes.
    case steady = "steady-rate"
    /// Messages a second of a hundred connections to one server.
    case crowd = "100-connections"
    /// Connections a second that come, send a message there and back, and go.
    case handshakes
    /// Connections a second that go on with the keys of an earlier one.
    case resumptions = "resumed-handshakes"
    /// Memory of a server for each of many connections that do nothing.
    case idle = "idle-memory"
  }
  /// Where the parties are: threads of one process, a process each, or a process each with sockets
  /// between them, encrypted or not.
  enum Place: String {
    case memory, ipc, tcp, tls
  }
  /// What it gives.
  enum Figure {
    /// A second: more is better.
    case messages, connections
    /// Nanoseconds.
    case time
    /// Bytes.
    case memory
  }

  let kind: Kind
  /// Bytes of a payload.
  let size: Int
  let place: Place
  /// Of a contest.
  let shape: Shape?

  init(kind: Kind, size: Int, place: Place = .ipc) {
    self.kind = kind
    self.size = size
    self.place = place
    shape = nil
  }

  init(_ shape: Shape, _ place: Place) {
    kind = .contest
    size = 64
    self.place = place
    self.shape = shape
  }

  var figure: Figure {
    switch kind {
    case .oneWay, .contest, .crowd: .messages
    case .handshakes, .resumptions: .connections
    case .roundTrip, .parkedRoundTrip, .parkedPingPong, .steady: .time
    case .idle: .memory
    }
  }

  /// Whether more is better.
  var isRate: Bool { figure == .messages || figure == .connections }

  var isNetwork: Bool { place == .tcp || place == .tls }

  /// How often a contender runs before the measurement, to learn its pace.
  var trials: Int {
    switch kind {
    case .oneWay, .roundTrip, .parkedRoundTrip, .parkedPingPong, .handshakes, .resumptions: 2
    case .contest, .steady, .crowd: 1
    // Long, and the same each time.
    case .idle: 0
    }
  }

  /// As in the ratios.
  var name: String { shape?.name ?? kind.rawValue }

  /// Bytes of each ring, the same for everybody: 4 MiB, and at least four messages. Over TCP, where it is
  /// of concern to Psyne alone, what it has without being told, and at least two messages.
  var capacity: Int {
    var capacity = isNetwork ? 1 << 20 : 4 << 20
    while capacity < (isNetwork ? 2 : 4) * (size + 64) { capacity *= 2 }
    return capacity
  }

  var sizeName: String {
    if size >= 1 << 20 { return "\(size >> 20)MiB" }
    return size >= 1 << 10 ? "\(size >> 10)KiB" : "\(size)B"
  }

  var title: String {
    switch kind {
    case .oneWay: "One way\(network), \(sizeName)"
    case .roundTrip: "Round trip\(network), \(sizeName)"
    case .steady: "One way\(network) at 100,000 messages a second, \(sizeName)"
    case .crowd: "100 connections\(network), \(sizeName)"
    case .handshakes: "Connections that come and go\(network)"
    case .resumptions: "Connections that are resumed\(network)"
    case .idle: "Memory of a connection that does nothing\(network)"
    case .parkedRoundTrip: "Round trip after both sides have slept, \(sizeName)"
    case .parkedPingPong: "Round trip of sides that sleep at once, \(sizeName)"
    case .contest: "\(name) between \(place == .memory ? "threads" : "processes"), \(sizeName)"
    }
  }

  private var network: String { place == .tcp ? " over TCP" : place == .tls ? " over TLS" : "" }
}
