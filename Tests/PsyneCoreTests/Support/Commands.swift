import Subprocess
import SystemPackage
import TestSupport

/// What a program has written and how it has ended.
struct Output {
  let text: String
  let status: TerminationStatus
}

/// Runs a program of the path, or by its own path, with both of its outputs joined.
func run(_ program: String, _ arguments: [String]) async throws -> Output {
  let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
  let result = try await Subprocess.run(
    executable, arguments: Arguments(arguments), output: .string(limit: 64 << 20),
    error: .string(limit: 1 << 20))
  return Output(
    text: result.standardOutput + result.standardError,
    status: result.terminationStatus)
}

/// Whether a program is on the path.
func isInstalled(_ program: String) async -> Bool {
  await (try? run("sh", ["-c", "command -v \(program)"]))?.status.isSuccess ?? false
}
