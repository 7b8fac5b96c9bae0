internal import ArgumentParser
internal import CBench

/// Measures Psyne against C++ rings and ZeroMQ between two pinned processes.
@main
struct PsyneBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psyne-bench",
    abstract: "Measures Psyne against C++ rings and ZeroMQ between two pinned processes.",
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

  @OptionGroup var options: Options

  func run() throws {
    var endpoints = [Contender.Target.baseline: endpoint]
    endpoints[.native] = nativeEndpoint
    let programs = Programs(peers: peers, endpoints: endpoints)
    if options.realtime && !cbench_realtime() {
      throw Failure("a real-time priority is not allowed here")
    }
    let canary = cbench_canary(Int32(options.cores[0]), Int32(options.cores[1]))
    print("\(Machine.description)")
    print(
      "cores \(options.cores[0]) and \(options.cores[1]), "
        + "\(canary.rounded(toPlaces: 0)) ns for the round trip of a cache line; "
        + "\(options.reps) repetitions of \(options.milliseconds) ms")
    var ratios: [String] = []
    for measure in options.measures {
      let contenders = programs.contenders(of: measure).filter { contender in
        options.only.isEmpty || options.only.contains { contender.name.contains($0) }
      }
      var campaign = Campaign(measure, contenders, options)
      try campaign.run()
      let report = Report(campaign)
      print(report.table)
      ratios += report.ratios
    }
    print("")
    for ratio in ratios { print(ratio) }
  }
}
