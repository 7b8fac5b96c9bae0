internal import Glibc
internal import Subprocess
internal import SystemPackage
internal import Testing

/// How a process ended, and what it said.
struct Outcome: Sendable {
  /// Of an exit; 1000 and the signal's number for a process that a signal has ended.
  let status: Int32
  let output: [UInt8]
  let errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
}

/// The real `psyne`, which was built beside the program that runs the tests.
enum Tool {
  static let path: String = {
    let own = unsafe realpath("/proc/self/exe", nil)
    guard let own = unsafe own else { fatalError("/proc is not mounted") }
    defer { unsafe free(own) }
    let name = unsafe String(cString: own)
    return name[..<(name.lastIndex(of: "/") ?? name.startIndex)] + "/psyne"
  }()

  /// Expects it to say what is wrong with a command, and nothing else.
  ///
  /// - Parameter words: what it says among other things.
  static func refuses(
    _ arguments: [String], _ words: String, at location: SourceLocation = #_sourceLocation
  ) async throws {
    let outcome = try await run(arguments)
    #expect(outcome.status == 64, sourceLocation: location)
    #expect(outcome.output == [], sourceLocation: location)
    #expect(outcome.errors.hasPrefix("psyne: "), sourceLocation: location)
    #expect(outcome.errors.contains(words), "\(outcome.errors)", sourceLocation: location)
  }

  /// Runs it to its end.
  ///
  /// - Parameters:
  ///   - input: its standard input, a file. Subprocess would give it a pipe, and trap when that is
  ///     not read to its end.
  ///   - body: runs beside it, with its process id.
  @discardableResult
  static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
    beside body: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
  ) async throws -> Outcome {
    try await run(path, arguments, input: input, environment: environment, beside: body)
  }

  /// Runs a script that finds it as `$psyne`, and its arguments.
  static func shell(
    _ script: String, _ arguments: [String] = [], input: [UInt8] = []
  ) async throws -> Outcome {
    try await run(
      "/bin/sh", ["-c", script, "sh"] + arguments, input: input, environment: ["psyne": path])
  }

  private static func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [],
    environment: [String: String] = [:],
    beside body: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
  ) async throws -> Outcome {
    let names = environment.map { (Environment.Key(rawValue: $0), $1 as String?) }
    let pairs = names.compactMap { name, value in name.map { ($0, value) } }
    let file = try Folder.unnamedFile(holding: input)
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments),
      environment: .inherit.updating(Dictionary(uniqueKeysWithValues: pairs)),
      input: .fileDescriptor(file, closeAfterSpawningProcess: true), output: .bytes(limit: 1 << 30),
      error: .string(limit: 1 << 20)
    ) { child in
      try await body(child.processIdentifier.value)
    }
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 1000 + signal
      }
    return Outcome(
      status: status, output: result.standardOutput, errors: result.standardError)
  }
}

/// Both sides of a channel, run to their ends.
struct Transfer {
  let sent: Outcome
  let received: Outcome

  /// - Parameters:
  ///   - input: what goes down a pipe to the sender.
  init(
    send: [String], receive: [String], on name: String, input: [UInt8] = []
  ) async throws {
    async let received = Tool.run(["recv", "ipc://\(name)"] + receive)
    async let sent = Tool.shell(
      #"cat | "$psyne" send "$@""#, ["ipc://\(name)"] + send, input: input)
    self.sent = try await sent
    self.received = try await received
  }

  func expectSuccess(_ location: SourceLocation = #_sourceLocation) {
    #expect(sent.status == 0, "\(sent.errors)", sourceLocation: location)
    #expect(received.status == 0, "\(received.errors)", sourceLocation: location)
    #expect(sent.errors + received.errors == "", sourceLocation: location)
  }
}
