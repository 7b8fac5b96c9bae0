internal import Glibc
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A process that the demo starts. Its standard error is ours.
enum Child {
  /// A signal from the terminal reaches our children by itself, and one from `kill` does not. They
  /// are looked up when it comes: one that is just being started is in no list of ours yet.
  private static let endWithUs: Void = Departure.guarding {
  } cleanUp: {
    for process in Processes.children { kill(process, SIGTERM) }
  }

  /// Where it is to run, if not where we do.
  struct Place: Sendable {
    /// What stands before a command that is to run there.
    var command: [String] = []
    var folder: String?
  }

  /// Runs another `psyne` to its end, writing to our standard output.
  static func psyne(_ arguments: [String]) async throws {
    let call = try Call(arguments, at: Place())
    try await run(call, output: .currentStandardOutput)
  }

  /// Runs another `psyne` to its end and returns what it printed.
  static func answer(of arguments: [String], at place: Place) async throws -> String {
    try await run(try Call(arguments, at: place), output: .string(limit: 1 << 16))
  }

  /// Runs a command to its end and returns what it printed.
  static func output(of command: String, _ arguments: [String]) async throws -> String {
    try await run(
      Call(executable: .name(command), arguments: arguments), output: .string(limit: 64 << 20))
  }

  /// What this process is running. Its own name, not /proc/self/exe, is what others see in messages.
  private static func program() throws -> String {
    let path = unsafe realpath("/proc/self/exe", nil)
    guard let path = unsafe path else {
      throw Failure(
        .failure, "this program cannot be found again: \(SystemPackage.Errno(rawValue: errno))")
    }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  private struct Call {
    var executable: Executable
    var arguments: [String]
    var folder: FilePath?

    init(executable: Executable, arguments: [String]) {
      self.executable = executable
      self.arguments = arguments
    }

    /// Of another `psyne`.
    init(_ arguments: [String], at place: Place) throws {
      let path = try program()
      if let first = place.command.first {
        executable = .name(first)
        self.arguments = place.command.dropFirst() + [path] + arguments
      } else {
        executable = .path(FilePath(path))
        self.arguments = arguments
      }
      folder = place.folder.map { FilePath($0) }
    }

    func check(_ status: TerminationStatus) throws {
      guard !status.isSuccess else { return }
      let command = ([executable.description] + arguments).joined(separator: " ")
      throw Failure(.failure, "'\(command)' ended with \(status)")
    }
  }

  @discardableResult
  private static func run<Output: OutputProtocol>(
    _ call: Call, output: Output
  ) async throws -> Output.OutputType {
    let result = try await Subprocess.run(
      call.executable, arguments: Arguments(call.arguments), workingDirectory: call.folder,
      platformOptions: platformOptions, input: .none, output: output, error: .currentStandardError
    ) { _ in
    }
    try call.check(result.terminationStatus)
    return result.standardOutput
  }

  private static var platformOptions: PlatformOptions {
    _ = endWithUs
    var options = PlatformOptions()
    // When its partner has failed: with time to leave its channel.
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
    return options
  }

  /// Runs another `psyne` that listens, and `other` when it is known where.
  static func together(
    listener arguments: [String], _ other: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let call = try Call(arguments, at: Place())
    try await meet(call, output: .currentStandardOutput, other)
  }

  /// The same, and returns what the listener printed.
  static func answer(
    ofListener arguments: [String], at place: Place,
    _ other: @escaping @Sendable (String) async throws -> Void
  ) async throws -> String {
    try await meet(try Call(arguments, at: place), output: .string(limit: 1 << 16), other)
  }

  @discardableResult
  private static func meet<Output: OutputProtocol & Sendable>(
    _ listener: Call, output: Output, _ other: @escaping @Sendable (String) async throws -> Void
  ) async throws -> Output.OutputType where Output.OutputType: Sendable {
    let (addresses, told) = AsyncStream.makeStream(of: String.self)
    return try await withThrowingTaskGroup(of: Output.OutputType?.self) { group in
      group.addTask {
        defer { told.finish() }
        return try await listen(listener, output: output) { told.yield($0) }
      }
      group.addTask {
        // None comes if the listener has failed, which is what ends both then.
        for await address in addresses {
          try await other(address)
          break
        }
        return nil
      }
      var said: Output.OutputType?
      for try await text in group { said = text ?? said }
      guard let said else { throw CancellationError() }
      return said
    }
  }

  /// - Parameter tell: called with the address that it has said it listens at. What else it says goes to
  ///   our standard error.
  private static func listen<Output: OutputProtocol>(
    _ call: Call, output: Output, _ tell: @Sendable (String) -> Void
  ) async throws -> Output.OutputType {
    let result = try await Subprocess.run(
      call.executable, arguments: Arguments(call.arguments), workingDirectory: call.folder,
      platformOptions: platformOptions, input: .none, output: output, error: .sequence
    ) { execution in
      for try await line in execution.standardError.strings() {
        if line.hasPrefix(ConnectionTalk.place) {
          tell(String(line.dropFirst(ConnectionTalk.place.count)))
        } else {
          Console.error.write("\(line)\n")
        }
      }
    }
    try call.check(result.terminationStatus)
    return result.standardOutput
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
