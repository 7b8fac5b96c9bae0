internal import ArgumentParser
internal import CBench

/// Measures Psyne against C++ rings, queues between threads, message queues between processes, and
/// libraries that send messages over TCP.
@main
struct PsyneBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psyne-bench",
    abstract: "Measures Psyne against C++ rings, queues and message queues.",
    discussion: """
      Every message is written word by word by its sender, and summed and checked by its receiver. \
      Figures are medians of interleaved repetitions; one that was disturbed is made again. \
      'make bench' builds everything and runs this.
      """)

  @Option(help: "The Swift endpoint built for the baseline of the machine's architecture.")
  var endpoint: String

  @Option(help: "The Swift endpoint built for this very CPU.")
  var nativeEndpoint: String?

  @Option(help: "Folder of the built C++ peers.")
  var peers: String

  @Option(help: "Folder of the certificates for TLS, as certificates.sh makes them.")
  var certificates = "."

  @Option(help: "The configuration of iceoryx's daemon.")
  var roudi: String?

  @OptionGroup var options: Options

  func run() throws {
    var endpoints = [Contender.Target.baseline: endpoint]
    endpoints[.native] = nativeEndpoint
    let programs = Programs(peers: peers, certificates: certificates, endpoints: endpoints)
    let canary = cbench_canary(Int32(options.cores[0]), Int32(options.cores[1]))
    print("\(Machine.description)")
    print(
      "cores \(options.cores[0]) and \(options.cores[1]), "
        + "\(canary.rounded(toPlaces: 0)) ns for the round trip of a cache line; "
        + "\(options.reps) repetitions of \(options.milliseconds) ms")
    let daemon = LazyRouDi(configuration: roudi)
    defer { daemon.stop() }
    var ratios: [String] = []
    var goals: [String] = []
    for measure in options.measures {
      let contenders = programs.contenders(of: measure).filter { contender in
        options.only.isEmpty || options.only.contains { contender.name.contains($0) }
      }
      guard !contenders.isEmpty else { continue }
      try raisePriority(for: measure)
      let needsDaemon = contenders.contains { $0.family == .iceoryx }
      var campaign = Campaign(
        measure, contenders, options, withoutIceoryx: needsDaemon ? daemon.start() : nil)
      try campaign.run()
      let report = Report(campaign)
      print(report.table)
      ratios += report.ratios + report.gaps
      goals += report.goals
    }
    print("")
    for line in ratios + goals { print(line) }
  }

  private func raisePriority(for measure: Measure) throws {
    guard options.realtime else { return }
    // Over a network a library's threads share their program's processor, which a real-time one would keep.
    let isShared = measure.kind == .contest || measure.isNetwork
    let isRaised = isShared ? cbench_high_priority() : cbench_realtime()
    guard isRaised else { throw Failure("a higher priority is not allowed here") }
  }
}
