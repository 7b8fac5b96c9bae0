/// Contenders for the shapes with several producers or consumers.
extension Programs {
  /// Bytes of a queue: small enough for a core's own cache, and as large as every other ring. Which
  /// of the two is the better one differs from shape to shape.
  private static let capacities = [64 << 10, 4 << 20]

  func contest(_ shape: Shape, _ place: Measure.Place) -> [Contender] {
    let peers = place == .memory ? queues(shape) : messageQueues(shape) + [iceoryx]
    return Self.capacities.flatMap { capacity in
      ["struct", "vector"].flatMap { psyne(shape, $0, capacity) }
    } + peers
  }

  private func psyne(_ shape: Shape, _ body: String, _ capacity: Int) -> [Contender] {
    guard let program = endpoints[.baseline] else { return [] }
    // With a CPU for each party all spin; else they may sleep.
    return [
      Contender(
        name: "psyne \(body) \(Self.name(of: capacity))", family: .psyne, target: .baseline,
        program: program, variant: "\(shape.kind.rawValue).\(body)", capacity: capacity,
        mayFail: true, spins: shape.parties == 2)
    ]
  }

  private static func name(of capacity: Int) -> String {
    capacity >= 1 << 20 ? "\(capacity >> 20) MiB" : "\(capacity >> 10) KiB"
  }

  /// Those that are made for the shape, or for more than it asks for.
  private func variants(_ shape: Shape) -> [(name: String, variant: String)] {
    let single = [
      ("boost spsc_queue", "boost-spsc"), ("ReaderWriterQueue", "reader-writer"),
      ("slots spsc", "slots-spsc"),
    ]
    let many = [
      ("boost queue", "boost-queue"), ("ConcurrentQueue", "moody"),
      ("ConcurrentQueue tokens", "moody-tokens"), ("ConcurrentQueue bulk", "moody-bulk"),
      ("slots mpmc", "slots-mpmc"), ("slots tickets", "slots-tickets"),
    ]
    switch shape.kind {
    case .spsc: return single + many
    case .mpsc, .spmc, .mpmc: return many
    case .broadcast: return []
    }
  }

  private func queues(_ shape: Shape) -> [Contender] {
    variants(shape).flatMap { name, variant in
      Self.capacities.flatMap { capacity in
        Self.compilers.map { compiler in
          Contender(
            name: "\(name) \(Self.name(of: capacity)) \(compiler)", family: .queue,
            target: .baseline, program: "\(peers)/queues-\(compiler)", variant: variant,
            capacity: capacity, isBulk: variant == "moody-bulk", spins: true)
        }
      }
    }
  }

  private func messageQueues(_ shape: Shape) -> [Contender] {
    guard shape.kind != .broadcast else { return [] }
    return ["block", "try"].flatMap { variant in
      Self.capacities.map { capacity in
        Contender(
          name: "boost message_queue \(variant) \(Self.name(of: capacity))", family: .boost,
          target: .baseline, program: "\(peers)/message-queue", variant: variant,
          capacity: capacity, spins: false)
      }
    }
  }

  /// Its queues hold 256 messages for each subscriber, and no more.
  private var iceoryx: Contender {
    Contender(
      name: "iceoryx", family: .iceoryx, target: .baseline, program: "\(peers)/iceoryx",
      variant: "poll", deliversToAll: true, mayFail: true)
  }

  // MARK: Round trips

  func roundTripPeers() -> [Contender] {
    [
      Contender(
        name: "boost message_queue try", family: .boost, target: .baseline,
        program: "\(peers)/message-queue-link", variant: "try", spins: true),
      Contender(
        name: "iceoryx", family: .iceoryx, target: .baseline, program: "\(peers)/iceoryx-link",
        variant: "poll", mayFail: true),
    ]
  }

  /// Both sides sleep: after a while without messages ("parked"), or at once.
  func sleepers(parked: Bool) -> [Contender] {
    let prefix = parked ? "parked-" : ""
    let peer = parked ? "parked" : "park"
    let psyne = endpoints[.baseline].map { program in
      ["park", "async"].map {
        Contender(
          name: "psyne \($0)", family: .psyne, target: .baseline, program: program,
          variant: prefix + $0, mayFail: true)
      }
    }
    return (psyne ?? []) + [
      Contender(
        name: "bare futex", family: .futex, target: .baseline, program: "\(peers)/futex",
        variant: peer),
      Contender(
        name: "boost message_queue block", family: .boost, target: .baseline,
        program: "\(peers)/message-queue-link", variant: peer),
    ]
  }
}
