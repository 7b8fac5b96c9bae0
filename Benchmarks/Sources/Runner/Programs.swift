internal import Glibc

/// Where the contenders were built. `bench.mk` knows the same names.
struct Programs {
  /// Folder of `ring-COMPILER-TARGET`, `shared-COMPILER-TARGET`, `queues-COMPILER`, `zeromq`,
  /// `message-queue`, `message-queue-link`, `iceoryx`, `iceoryx-link` and `futex`; over TCP also of `nng`,
  /// `nanomsg` and `sockets`, and over TLS of `openssl`.
  let peers: String
  /// Folder of the certificates for TLS.
  let certificates: String
  let endpoints: [Contender.Target: String]

  static let compilers = ["g++", "clang++"]

  /// The contenders of a measure, in the order of the table.
  func contenders(of measure: Measure) -> [Contender] {
    if measure.place == .tcp { return network(measure.kind) }
    if measure.place == .tls { return encrypted(measure.kind) }
    return switch measure.kind {
    case .oneWay:
      Contender.Target.allCases.flatMap { target in
        psyne(target, "plain") + psyne(target, "batch")
          + (measure.size == 64 ? psyne(target, "struct") : []) + rings(target)
      } + [zeromq]
    case .roundTrip:
      Contender.Target.allCases.flatMap { psyne($0, "plain") + rings($0) } + [zeromq]
        + roundTripPeers()
    case .parkedRoundTrip: psyne(.baseline, "parked") + sleepers(parked: true)
    case .parkedPingPong: sleepers(parked: false)
    case .contest: measure.shape.map { contest($0, measure.place) } ?? []
    // Over TCP only.
    case .steady, .crowd, .handshakes, .resumptions, .idle: []
    }
  }

  private func psyne(_ target: Contender.Target, _ variant: String) -> [Contender] {
    guard let program = endpoints[target] else { return [] }
    return [
      Contender(
        name: variant == "plain" ? "psyne" : "psyne \(variant)", family: .psyne, target: target,
        program: program, variant: variant, spins: variant != "parked")
    ]
  }

  private func rings(_ target: Contender.Target) -> [Contender] {
    Self.compilers.flatMap { compiler in
      ["lazy", "batch16", "inband"].map { kind in
        Contender(
          name: "\(kind) \(compiler)", family: .cpp, target: target,
          program: "\(peers)/ring-\(compiler)-\(target.rawValue)", variant: kind,
          spins: true)
      } + sharedRings(compiler, target)
    }
  }

  /// The rings of a `PEERS` folder, if one was given, with the endpoint of our own.
  private func sharedRings(_ compiler: String, _ target: Contender.Target) -> [Contender] {
    let program = "\(peers)/shared-\(compiler)-\(target.rawValue)"
    guard unsafe access(program, X_OK) == 0 else { return [] }
    return ["lazy", "batch16", "inband"].map { kind in
      Contender(
        name: "peers' \(kind) \(compiler)", family: .cpp, target: target, program: program,
        variant: kind, spins: true)
    }
  }

  private var zeromq: Contender {
    Contender(
      name: "ZeroMQ", family: .zeromq, target: .baseline, program: "\(peers)/zeromq", variant: "ipc"
    )
  }
}
