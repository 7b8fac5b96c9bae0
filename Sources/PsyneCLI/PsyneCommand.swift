internal import ArgumentParser

/// The tool: `psyne send`, `psyne recv`, `psyne stat`, `psyne cert`, `psyne demo`.
@main
struct PsyneCommand: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "psyne",
    abstract: "Moves data between processes through rings in shared memory, and over TCP and TLS.",
    discussion: HelpText.overview,
    version: "psyne \(version)",
    subcommands: [
      SendCommand.self, RecvCommand.self, StatCommand.self, CertCommand.self, DemoCommand.self,
      DemoPartCommand.self, DemoWireCommand.self,
    ])

  // What argument errors begin with: "psyne: ", as our own do.
  static var _errorLabel: String { "psyne" }

  static func main() async {
    Departure.prepare()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      Departure.exit(.success)
    } catch {
      guard let failure = Failure(error) else { exit(withError: error) }
      Departure.exit(failure.status, saying: failure.message)
    }
  }
}
