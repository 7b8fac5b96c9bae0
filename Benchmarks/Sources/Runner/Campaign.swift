internal import CBench

/// One measure of all its contenders: repetitions interleaved, their order rotating, each repeated
/// while something disturbed it.
struct Campaign {
  let measure: Measure
  let contenders: [Contender]
  let options: Options

  /// Repetitions that were thrown away.
  private(set) var rejected = 0
  /// Repetitions that stayed disturbed and were kept.
  private(set) var unclean = 0
  private(set) var samples: [[Sample]]
  /// Why a contender has none.
  private(set) var failures: [Int: String] = [:]
  private var paces: [Double?]

  /// `withoutIceoryx`: why its daemon does not run.
  init(
    _ measure: Measure, _ contenders: [Contender], _ options: Options, withoutIceoryx: String?
  ) {
    self.measure = measure
    self.contenders = contenders
    self.options = options
    samples = contenders.map { _ in [] }
    paces = contenders.map { _ in nil }
    if let withoutIceoryx {
      for index in contenders.indices where contenders[index].family == .iceoryx {
        failures[index] = withoutIceoryx
      }
    }
  }

  mutating func run() throws(Failure) {
    // Once briefly and once longer: a brief run underestimates whoever is fast. A contest lasts a
    // fixed time, but whoever cannot run shows it here.
    for index in contenders.indices {
      for _ in 0..<measure.trials where failures[index] == nil { try tryOut(index) }
    }
    for turn in 0..<(measure.kind == .idle ? 1 : options.reps) {
      for step in contenders.indices {
        let index = (step + turn) % contenders.count
        guard failures[index] == nil else { continue }
        let sample = try clean(index)
        samples[index].append(sample)
        pace(index, sample)
      }
    }
  }

  /// Leaves a contender that may fail out of the rest.
  private mutating func tryOut(_ index: Int) throws(Failure) {
    do {
      pace(index, try repetition(index).run())
    } catch {
      guard contenders[index].mayFail else { throw error }
      failures[index] = error.reason
    }
  }

  private func repetition(_ index: Int) -> Repetition {
    Repetition(
      contender: contenders[index], measure: measure, cores: options.cores,
      milliseconds: options.milliseconds, pace: paces[index])
  }

  private mutating func pace(_ index: Int, _ sample: Sample) {
    switch measure.kind {
    case .oneWay, .handshakes, .resumptions: paces[index] = sample.value
    case .roundTrip, .parkedPingPong: paces[index] = 1e9 / sample.value
    // The idle time before each counts too.
    case .parkedRoundTrip: paces[index] = 1e9 / (sample.value + 300_000)
    case .contest, .steady, .crowd, .idle: break
    }
  }

  /// A repetition between two good canaries during which both endpoints had their CPUs.
  private mutating func clean(_ index: Int) throws(Failure) -> Sample {
    var sample: Sample?
    for _ in 0..<options.tries {
      awaitGoodCanary()
      let found = try repetition(index).run()
      if isCanaryGood && (!contenders[index].spins || found.share >= Options.leastShare) {
        return found
      }
      rejected += 1
      sample = found
    }
    unclean += 1
    guard let sample else { throw Failure("no repetition was made") }
    return sample
  }

  private var isCanaryGood: Bool {
    cbench_canary(Int32(options.cores[0]), Int32(options.cores[1])) <= options.canary
  }

  private func awaitGoodCanary() {
    for _ in 0..<30 where !isCanaryGood { cbench_sleep(100_000_000) }
  }
}
