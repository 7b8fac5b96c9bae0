internal import ArgumentParser

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "See it at work on real data.", discussion: HelpText.demo)
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp(
      "Files to stream; the Swift toolchain's if none is given.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  func run() async throws {
    Console.output.write(DemoText.title)
    let streamed = try await FileDemo(files: files).run()
    try await PipelineDemo().run()
    try await LatencyDemo().run()
    try await TCPDemo(before: streamed).run()
    Console.output.write(DemoText.end)
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
