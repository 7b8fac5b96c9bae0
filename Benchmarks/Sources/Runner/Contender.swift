/// Something that moves messages, built in one way.
struct Contender {
  enum Family: String {
    case psyne, cpp, zeromq, futex
  }
  /// The instruction set it was built for; like is compared with like.
  enum Target: String, CaseIterable {
    case baseline, native
  }

  let name: String
  let family: Family
  let target: Target
  let program: String
  let variant: String
  /// Whether both sides of it spin, so that less than all of a CPU means that it was disturbed.
  var spins: Bool { family == .psyne || family == .cpp }
}

/// What is measured of a contender.
struct Measure: Hashable {
  enum Kind: String {
    case oneWay = "one-way"
    case roundTrip = "round-trip"
    /// A round trip after both sides have been idle for long enough to sleep.
    case parkedRoundTrip = "parked-round-trip"
  }

  let kind: Kind
  /// Bytes of a payload.
  let size: Int

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
}
