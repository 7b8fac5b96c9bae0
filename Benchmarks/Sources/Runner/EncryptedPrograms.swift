/// Contenders over TLS, or what else encrypts, all of them on the loopback interface.
extension Programs {
  func encrypted(_ kind: Measure.Kind) -> [Contender] {
    switch kind {
    case .oneWay: own + libraries + [openSSL("write"), openSSL("batch")] + tunnels("batch")
    case .roundTrip: own + libraries + [openSSL("write")] + tunnels("send")
    case .handshakes:
      many(capacity: nil) + many(capacity: 64 << 10) + [openSSL("plain", name: "OpenSSL")]
    case .resumptions: many(capacity: nil) + [openSSL("plain", name: "OpenSSL")]
    case .idle:
      many(capacity: nil) + many(capacity: 64 << 10) + many(capacity: 4 << 10)
        + [openSSL("plain", name: "OpenSSL"), openSSL("release")]
    default: []
    }
  }

  private var own: [Contender] { psyne(nil, "tls@\(certificates)") }

  /// Where there are more connections than a listener takes of one address.
  private func many(capacity: Int?) -> [Contender] {
    let name = capacity.map { "\($0 >> 10) KiB" }
    let variant = "tls@\(certificates)?connections=4096&peraddress=4096&keepalive=1s"
    return psyne(name, variant).map { contender in
      var contender = contender
      contender.capacity = capacity
      return contender
    }
  }

  private var libraries: [Contender] {
    [
      Contender(
        name: "ZeroMQ CURVE", family: .zeromq, target: .baseline, program: "\(peers)/zeromq",
        variant: "curve"),
      Contender(
        name: "NNG", family: .nng, target: .baseline, program: "\(peers)/nng",
        variant: "tls@\(certificates)", mayFail: true),
    ]
  }

  private func openSSL(_ variant: String, name: String? = nil) -> Contender {
    Contender(
      name: name ?? "OpenSSL \(variant)", family: .openssl, target: .baseline,
      program: "\(peers)/openssl", variant: "\(variant)@\(certificates)")
  }

  /// What encrypts nothing, with a tunnel between its sides.
  private func tunnels(_ variant: String) -> [Contender] {
    let sockets = Contender(
      name: "stunnel C \(variant)", family: .stunnel, target: .baseline,
      program: "\(peers)/sockets", variant: variant, certificates: certificates,
      mayFail: true)
    guard let endpoint = endpoints[.baseline] else { return [sockets] }
    let psyne = Contender(
      name: "stunnel psyne", family: .stunnel, target: .baseline, program: endpoint,
      variant: "tcp", certificates: certificates, mayFail: true)
    return [sockets, psyne]
  }
}
