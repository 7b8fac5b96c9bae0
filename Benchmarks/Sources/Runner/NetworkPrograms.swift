/// Contenders over TCP, all of them on the loopback interface.
extension Programs {
  /// What the system's buffers are where they do not grow, in the name of both who are so compared.
  private static let buffers = "256 KiB"

  func network(_ kind: Measure.Kind) -> [Contender] {
    let small = psyne(Self.buffers, "tcp?sndbuf=256KiB&rcvbuf=256KiB")
    let immediate = psyne("immediate", "tcp?flush=immediate")
    let libraries = [
      peer("ZeroMQ", .zeromq, "zeromq"), peer("NNG", .nng, "nng"),
      peer("nanomsg", .nanomsg, "nanomsg"),
    ]
    return switch kind {
    case .oneWay:
      psyne() + small + libraries + [
        sockets("send"), sockets("batch"), sockets("send", small: true),
        sockets("batch", small: true),
      ]
    case .roundTrip: psyne() + libraries + [sockets("send")]
    case .steady: psyne() + immediate + [libraries[0], sockets("send")]
    case .crowd: psyne()
    default: []
    }
  }

  func psyne(_ name: String? = nil, _ variant: String = "tcp") -> [Contender] {
    guard let program = endpoints[.baseline] else { return [] }
    return [
      Contender(
        name: name.map { "psyne \($0)" } ?? "psyne", family: .psyne, target: .baseline,
        program: program, variant: variant)
    ]
  }

  private func peer(_ name: String, _ family: Contender.Family, _ program: String) -> Contender {
    Contender(
      name: name, family: family, target: .baseline, program: "\(peers)/\(program)", variant: "tcp")
  }

  private func sockets(_ variant: String, small: Bool = false) -> Contender {
    Contender(
      name: small ? "C \(variant) \(Self.buffers)" : "C \(variant)", family: .sockets,
      target: .baseline, program: "\(peers)/sockets",
      variant: small ? "\(variant)-256KiB" : variant)
  }
}
