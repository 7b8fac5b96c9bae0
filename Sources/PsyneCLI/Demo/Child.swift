internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A process that the demo starts. Its standard error is ours.
enum Child {
  /// A signal from the terminal reaches our children by itself, and one from `kill` does not. They
  /// are looked up when it comes: one that is just being started is in no list of ours yet.
  private static let endWithUs: Void = Departure.guarding {
  } cleanUp: {
    for process in Processes.children { kill(process, SIGTERM) }
  }

  /// Runs another `psyne` to its end, writing to our standard output.
  static func psyne(_ arguments: [String]) async throws {
    try await run(try program(), arguments, output: .currentStandardOutput)
  }

  /// Runs a command to its end and returns what it printed.
  static func output(of command: String, _ arguments: [String]) async throws -> String {
    try await run(.name(command), arguments, output: .string(limit: 64 << 20))
  }

  /// What this process is running. Its own name, not /proc/self/exe, is what others see in messages.
  private static func program() throws -> Executable {
    let path = unsafe realpath("/proc/self/exe", nil)
    guard let path = unsafe path else {
      throw Failure(
        .failure, "this program cannot be found again: \(SystemPackage.Errno(rawValue: errno))")
    }
    defer { unsafe free(path) }
    return unsafe .path(FilePath(platformString: path))
  }

  @discardableResult
  private static func run<Output: OutputProtocol>(
    _ executable: Executable, _ arguments: [String], output: Output
  ) async throws -> Output.OutputType {
    let result = try await Subprocess.run(
      executable, arguments: Arguments(arguments), platformOptions: platformOptions, input: .none,
      output: output, error: .currentStandardError
    ) { _ in
    }
    try check(result.terminationStatus, executable, arguments)
    return result.standardOutput
  }

  private static var platformOptions: PlatformOptions {
    _ = endWithUs
    var options = PlatformOptions()
    // When its partner has failed: with time to leave its channel.
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
    return options
  }

  private static func check(
    _ status: TerminationStatus, _ executable: Executable, _ arguments: [String]
  ) throws {
    guard !status.isSuccess else { return }
    let command = ([executable.description] + arguments).joined(separator: " ")
    throw Failure(.failure, "'\(command)' ended with \(status)")
  }

  /// Runs another `psyne` that listens, and `other` when it is known where.
  static func together(
    listener arguments: [String], _ other: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let (addresses, told) = AsyncStream.makeStream(of: String.self)
    try await together {
      defer { told.finish() }
      try await listen(arguments) { told.yield($0) }
    } _: {
      // None comes if the listener has failed, which is what ends both then.
      for await address in addresses { return try await other(address) }
    }
  }

  /// - Parameter tell: called with the address that it has said it listens at. What else it says goes to
  ///   our standard error.
  private static func listen(
    _ arguments: [String], _ tell: @Sendable (String) -> Void
  ) async throws {
    let program = try program()
    let result = try await Subprocess.run(
      program, arguments: Arguments(arguments), platformOptions: platformOptions, input: .none,
      output: .currentStandardOutput, error: .sequence
    ) { execution in
      for try await line in execution.standardError.strings() {
        if line.hasPrefix(ConnectionTalk.place) {
          tell(String(line.dropFirst(ConnectionTalk.place.count)))
        } else {
          Console.error.write("\(line)\n")
        }
      }
    }
    try check(result.terminationStatus, program, arguments)
  }

  /// Runs both at the same time; the first failure ends the other.
  static func together(
    _ one: @escaping @Sendable () async throws -> Void,
    _ other: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await one() }
      group.addTask { try await other() }
      try await group.waitForAll()
    }
  }
}
