// What an address says beside what the program says.

extension ChannelOptions {
  /// Adds what an address says.
  ///
  /// - Parameter known: the names of the options that the transport understands.
  /// - Throws: ``TransportError/Code/invalidOption`` for an unknown or malformed option, or one that
  ///   contradicts what is set already.
  package func merging(
    _ address: ChannelAddress, known: [String]
  ) throws(TransportError) -> ChannelOptions {
    var merged = self
    for option in address.options {
      guard known.contains(option.name) else {
        throw TransportError(
          .invalidOption,
          "unknown option '\(option.name)' in '\(address)'; \(address.wholeScheme) knows: \(known.joined(separator: ", "))"
            + Spelling.hint(for: option.name, among: known))
      }
      switch option.name {
      case "capacity": try Self.merge(option, address, into: &merged.capacity)
      case "producers": try Self.merge(option, address, into: &merged.producers)
      case "consumers": try Self.merge(option, address, into: &merged.consumers)
      case "wait": try Self.merge(option, address, into: &merged.wait)
      case "slow": try Self.merge(option, address, into: &merged.slow)
      case "full": try Self.merge(option, address, into: &merged.full)
      case "mode": try Self.merge(option, address, into: &merged.mode)
      case "owner": try Self.merge(option, address, into: &merged.owner)
      case "group": try Self.merge(option, address, into: &merged.group)
      case "hugepages": try Self.merge(option, address, into: &merged.hugePages)
      case "numa": try Self.merge(option, address, into: &merged.numa)
      case "connecttimeout": try Self.merge(option, address, into: &merged.connectTimeout)
      // Others are the transport's own, which reads them from the address.
      default: break
      }
    }
    if let name = merged.namesSet.first(where: { !known.contains($0) }) {
      throw TransportError(
        .invalidOption,
        "the program sets the option '\(name)' for '\(address)'; \(address.wholeScheme) knows: \(known.joined(separator: ", "))"
      )
    }
    try merged.validate()
    return merged
  }

  package static func merge<Value: OptionValue>(
    _ option: ChannelAddress.Option, _ address: ChannelAddress, into value: inout Value?
  ) throws(TransportError) {
    guard let said = Value.parse(option.value) else {
      throw TransportError(
        .invalidOption,
        "\(option.name) '\(option.value)' in '\(address)' is no \(Value.kind): \(Value.advice)")
    }
    if let value, value != said {
      throw TransportError(
        .invalidOption,
        "the address says \(option.name) \(said.spelling) and the program says \(value.spelling): give one"
      )
    }
    value = said
  }

  /// The names of what is set.
  private var namesSet: [String] {
    let options: [(name: String, isSet: Bool)] = [
      ("capacity", capacity != nil), ("producers", producers != nil),
      ("consumers", consumers != nil), ("wait", wait != nil), ("slow", slow != nil),
      ("full", full != nil), ("mode", mode != nil), ("owner", owner != nil),
      ("group", group != nil), ("hugepages", hugePages != nil), ("numa", numa != nil),
      ("connecttimeout", connectTimeout != nil),
    ]
    return options.filter(\.isSet).map(\.name)
  }

  /// Throws for a value that no channel can have.
  private func validate() throws(TransportError) {
    for (name, count) in [("producers", producers), ("consumers", consumers)] {
      guard let count, !(1...Self.maximumParties).contains(count) else { continue }
      throw TransportError(
        .invalidOption,
        "\(name) \(count) is out of range: it can be 1 to \(Self.maximumParties)")
    }
    if let mode, !mode.isPossible {
      throw TransportError(
        .invalidOption,
        "mode \(mode) is none that a channel can have: its owner reads and writes (6), "
          + "its group and others do both (6), read (4) or do nothing (0), as in 0660")
    }
    if group != nil, !(mode ?? .ownerOnly).includesGroup {
      throw TransportError(
        .invalidOption,
        "group '\(group ?? "")' is of no use with mode \(mode ?? .ownerOnly), which admits the owner alone: set mode=0660 too"
      )
    }
    if case .waitUpTo(let limit) = full, limit <= .zero {
      throw TransportError(
        .invalidOption, "full \(limit) is no time to wait: wait for longer than zero, or fail")
    }
    if let numa, numa.node < 0 {
      throw TransportError(
        .invalidOption, "numa \(numa.node) is no memory node: nodes are numbered from 0")
    }
  }
}
