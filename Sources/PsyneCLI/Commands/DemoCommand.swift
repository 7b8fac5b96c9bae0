internal import ArgumentParser
internal import Psyne

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "See it at work on real data.", discussion: HelpText.demo)
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp(
      "Files to stream; the Swift toolchain's if none is given.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Flag(help: "Only what goes over a slow wire.")
  var wan = false

  @Option(
    help: ArgumentHelp(
      "What the slow wire carries in a second, as 20mbit (default: 20mbit)", valueName: "rate"),
    transform: Self.rate)
  var rate = BitRate.ordinary

  @Option(
    help: "What the slow wire is made of (default: namespaces, where they can be had)")
  var wire: WireKind?

  @Option(
    help: ArgumentHelp(
      "How hard LZ4 tries over the slow wire: fast, hc, auto, 1 to 12 (default: fast)",
      valueName: "level"), transform: Self.level)
  var level = LZ4Level.fast

  // For tests: with less, the numbers say little.
  @Option(
    help: ArgumentHelp(
      "How long the slow wire takes for what is sent as it is.", valueName: "time",
      visibility: .hidden),
    transform: ChannelArguments.time)
  var each: TimeLimit?

  func validate() throws {
    if wan, !files.isEmpty {
      throw ValidationError("With --wan no file is streamed: leave '\(files[0])' away.")
    }
  }

  func run() async throws {
    let wireDemo = WireDemo(
      rate: rate, time: each?.duration ?? .milliseconds(2400), kind: wire, level: level)
    Console.output.write(DemoText.title)
    if wan {
      try await wireDemo.run(1)
    } else {
      try await everything(with: wireDemo)
    }
    Console.output.write(DemoText.end)
  }

  private func everything(with wireDemo: WireDemo) async throws {
    let streamed = try await FileDemo(files: files).run()
    try await PipelineDemo().run()
    try await LatencyDemo().run()
    try await TCPDemo(before: streamed).run()
    try await wireDemo.run(6)
  }

  private static func level(_ text: String) throws -> LZ4Level {
    guard let level = LZ4Level.parse(text) else { throw ValidationError(LZ4Level.advice) }
    return level
  }

  private static func rate(_ text: String) throws -> BitRate {
    guard let rate = BitRate(text) else {
      throw ValidationError("write a whole number and a unit: 500kbit, 20mbit, 1gbit")
    }
    return rate
  }
}

/// One side of a demonstration; the demo starts it as a process of its own.
struct DemoPartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-part", abstract: "One side of a demonstration.", shouldDisplay: false)
  static var _errorLabel: String { "psyne" }

  enum Part: String, ExpressibleByArgument {
    case produce, sum, ask, echo, call, serve
  }

  @Argument var part: Part
  @Argument(help: "The channel's name, what the names of both channels begin with, or a listener.")
  var name: String

  func run() throws {
    switch part {
    case .produce: try Pipeline.produce(to: name)
    case .sum: try Pipeline.sum(from: name)
    case .ask: try RoundTrips.ask(name)
    case .echo: try RoundTrips.echo(name)
    case .call: try RoundTrips.call(name)
    case .serve: try RoundTrips.serve(name)
    }
  }
}

/// One end of the slow wire; the demo starts it as a process of its own.
struct DemoWireCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-wire", abstract: "One end of a slow wire.", shouldDisplay: false)
  static var _errorLabel: String { "psyne" }

  @Argument var load: WireLoad
  @Argument(help: "How many bytes, about.") var bytes: Int
  @Argument var end: WireEnd
  @Argument var address: String

  func run() throws { try load.carry(bytes, end, at: address) }
}
