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
  }
  /// Where the parties are: threads of one process, a process each, or a process each with sockets
  /// between them.
  enum Place: String {
    case memory, ipc, tcp
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

  /// Whether it gives messages a second, of which more is better, or else a time.
  var isRate: Bool { kind == .oneWay || kind == .contest || kind == .crowd }

  /// Whether a repetition lasts as long, whoever takes part.
  var lastsFixedTime: Bool { kind == .contest || kind == .steady || kind == .crowd }

  /// As in the ratios.
  var name: String { shape?.name ?? kind.rawValue }

  /// Bytes of each ring, the same for everybody: 4 MiB, and at least four messages. Over TCP, where it is
  /// of concern to Psyne alone, what it has without being told, and at least two messages.
  var capacity: Int {
    var capacity = place == .tcp ? 1 << 20 : 4 << 20
    while capacity < (place == .tcp ? 2 : 4) * (size + 64) { capacity *= 2 }
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
    case .parkedRoundTrip: "Round trip after both sides have slept, \(sizeName)"
    case .parkedPingPong: "Round trip of sides that sleep at once, \(sizeName)"
    case .contest: "\(name) between \(place == .memory ? "threads" : "processes"), \(sizeName)"
    }
  }

  private var network: String { place == .tcp ? " over TCP" : "" }
}
