@testable internal import PsyneCLI
internal import Glibc
internal import Testing

@Suite("demo", .timeLimit(.minutes(5)))
struct DemoTests {
  #if DEBUG
    static let isOptimized = false
  #else
    static let isOptimized = true
  #endif

  @Test("it ends well and leaves nothing behind", .enabled(if: isOptimized))
  func wholeDemo() async throws {
    let folder = Folder()
    // A program of a few MiB, and a wire that is slow for a moment: the rest is for people to watch.
    let outcome = try await Tool.run(
      ["demo", Tool.path, "--rate", "1gbit", "--each", "1ms"],
      environment: ["TMPDIR": folder.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors == "")
    #expect(outcome.text.contains("everything arrived as it was sent"))
    #expect(!outcome.text.contains("\u{1b}"), "no colours where no terminal is")
    #expect(outcome.text.contains("every message with what was sent"))
    for percentile in ["p50", "p90", "p99", "p99.9", "max"] {
      #expect(outcome.text.contains(" \(percentile) "), "\(percentile)")
    }
    // Empty again: otherwise it cannot be removed.
    #expect(unsafe rmdir(folder.path) == 0)
  }

  @Test("a signal ends it and its processes")
  func interrupted() async throws {
    let folder = Folder()
    let outcome = try await Tool.run(["demo", Tool.path], environment: ["TMPDIR": folder.path]) {
      demo in
      try await eventually("its processes run") { !parts(of: demo).isEmpty }
      kill(demo, SIGTERM)
      try await eventually("its processes are gone") { parts(of: demo).isEmpty }
      try await eventually("its channels are gone") {
        !names(in: "/dev/shm").contains { $0.hasPrefix("psyne.psyne-demo-\(demo)") }
      }
    }
    #expect(outcome.status == 143)
    #expect(unsafe rmdir(folder.path) == 0, "its folder is gone")
  }

  @Test("a file that is not there is 66")
  func noFile() async throws {
    let outcome = try await Tool.run(["demo", "/nonexistent"])
    #expect(outcome.status == 66)
    #expect(outcome.errors == "psyne: cannot open '/nonexistent': No such file or directory\n")
  }

  @Test("sums of the pipeline are exact", arguments: [0, 1, 999, 1000, 123_456])
  func sums(index: Int) {
    var vector = [Float](repeating: 0, count: Pipeline.floats)
    var span = vector.mutableSpan
    Pipeline.fill(&span, index)
    let sum = vector.reduce(0.0) { $0 + Double($1) }
    #expect(Pipeline.sum(vector.span) == sum)
    #expect(Pipeline.expectedSum(index) == sum)
  }

  @Test("vectors of every length are added up whole")
  func lengths() {
    for count in 0...33 {
      let vector = (0..<count).map { Float($0) }
      #expect(Pipeline.sum(vector.span) == Double(count * (count - 1) / 2))
    }
  }
}

/// The processes of the demo whose own id is `demo`, the demo itself not among them.
private func parts(of demo: pid_t) -> [String] {
  names(in: "/proc").filter { name in
    guard pid_t(name) != nil, let command = try? Folder.read("/proc/\(name)/cmdline") else {
      return false
    }
    return String(decoding: command, as: UTF8.self).contains("psyne-demo-\(demo)")
  }
}
