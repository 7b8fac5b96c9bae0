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
  }
  /// Where the parties are: threads of one process, or a process each.
  enum Place: String, CaseIterable {
    case memory, ipc
  }

  let kind: Kind
  /// Bytes of a payload.
  let size: Int
  let place: Place
  /// Of a contest.
  let shape: Shape?

  init(kind: Kind, size: Int) {
    self.kind = kind
    self.size = size
    place = .ipc
    shape = nil
  }

  init(_ shape: Shape, _ place: Place) {
    kind = .contest
    size = 64
    self.place = place
    self.shape = shape
  }

  /// Whether it gives messages a second, of which more is better, or else a time.
  var isRate: Bool { kind == .oneWay || kind == .contest }

  /// As in the ratios.
  var name: String { shape?.name ?? kind.rawValue }

  /// Bytes of each ring, the same for everybody: 4 MiB, and at least four messages.
  var capacity: Int {
    var capacity = 4 << 20
    while capacity < 4 * (size + 64) { capacity *= 2 }
    return capacity
  }

  var sizeName: String {
    if size >= 1 << 20 { return "\(size >> 20)MiB" }
    return size >= 1 << 10 ? "\(size >> 10)KiB" : "\(size)B"
  }

  var title: String {
    switch kind {
    case .oneWay: "One way, \(sizeName)"
    case .roundTrip: "Round trip, \(sizeName)"
    case .parkedRoundTrip: "Round trip after both sides have slept, \(sizeName)"
    case .parkedPingPong: "Round trip of sides that sleep at once, \(sizeName)"
    case .contest: "\(name) between \(place == .memory ? "threads" : "processes"), \(sizeName)"
    }
  }
}
