internal import ArgumentParser
internal import Glibc

/// The tool: `psyne send`, `psyne recv`, `psyne demo`.
@main
struct PsyneCommand: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "psyne",
    abstract: "Moves data between processes through rings in shared memory.",
    discussion: HelpText.overview,
    version: "psyne \(version)",
    subcommands: [SendCommand.self, RecvCommand.self, DemoCommand.self, DemoPartCommand.self])

  // What argument errors begin with: "psyne: ", as our own do.
  static var _errorLabel: String { "psyne" }

  static func main() {
    // First of all: threads that start later inherit which signals are blocked.
    Departure.prepare()
    do {
      let command = try parseAsRoot()
      guard let command = command as? any AsyncParsableCommand else {
        var command = command
        try command.run()
        Departure.exit(.success)
      }
      run(command)
    } catch {
      end(after: error)
    }
  }

  /// An asynchronous `main` would not do: there the main thread ends up in libdispatch, which lets
  /// it take the signals that are blocked everywhere else.
  private static func run(_ command: sending any AsyncParsableCommand) -> Never {
    Task {
      var command = command
      do {
        try await command.run()
        Departure.exit(.success)
      } catch {
        end(after: error)
      }
    }
    while true { pause() }
  }

  private static func end(after error: any Error) -> Never {
    guard let failure = Failure(error) else { exit(withError: error) }
    Console.complain(failure.message)
    Departure.exit(failure.status)
  }
}
