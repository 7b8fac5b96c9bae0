import Subprocess
import TestSupport
import Testing

/// A message costs no allocation, no reference count and no system call, while both sides keep up.
///
/// Meaningful in a release build alone: a debug build allocates as it likes.
@Suite("Hot path", .enabled(if: isRelease, "only a release build has a hot path"))
struct HotPathTests {
  static let kinds = ["vectors", "structs", "bytes", "mixed", "batches"]
  private static let client = "\(programDirectory)/psyne-hot-path"

  @Test("ten million messages allocate nothing and count no reference", arguments: kinds)
  func counts(kind: String) async throws {
    let output = try await run(Self.client, ["count", kind, "10000000"])
    #expect(output.status.isSuccess)
    #expect(output.text.hasPrefix("allocations 0 frees 0 objects 0 retains 0 releases 0\n"))
  }

  @Test("ten million messages pass where any system call would be deadly", arguments: kinds)
  func seal(kind: String) async throws {
    let output = try await run(Self.client, ["seal", kind, "10000000"])
    #expect(output.status.isSuccess)
    #expect(output.text == "sealed\n")
  }

  @Test(
    "two threads make no more system calls for ten times the messages than waits explain",
    .enabled("strace is not installed: scripts/setup.sh strace") { await isInstalled("strace") })
  func strace() async throws {
    let few = try await systemCalls(messages: 300_000)
    let many = try await systemCalls(messages: 3_000_000)
    print("strace: \(few) system calls for 300,000 messages, \(many) for 3,000,000")
    // Whoever is preempted makes the other one wait now and then; one in a thousand is generous.
    #expect(many - few < 2_700)
  }

  private func systemCalls(messages: Int) async throws -> Int {
    let output = try await run(
      "strace", ["-f", "-qq", "-c", "-U", "calls,name", Self.client, "pair", "structs", "\(messages)"])
    try #require(output.status.isSuccess, "\(output.text)")
    let total = output.text.split(separator: "\n").last { $0.hasSuffix("total") }
    let calls = total?.split(separator: " ").first.flatMap { Int($0) }
    return try #require(calls, "\(output.text)")
  }

  @Test("the loops of a client call nothing but what waits", arguments: [
    "sendVectors", "receiveVectors", "sendStructs", "receiveStructs", "sendBytes", "receiveBytes",
    "sendMixed", "receiveMixed", "sendBatches", "receiveBatches",
  ])
  func disassembly(function: String) async throws {
    let calls = try await Self.calls(of: function)
    let strangers = calls.filter { call in !Self.allowed.contains { call.contains($0) } }
    #expect(strangers.isEmpty)
    // Were it otherwise, the wrong function would have been looked at.
    #expect(calls.contains { $0.contains("awaitRoom") || $0.contains("await") || $0.contains("poll") })
  }

  /// The slow paths, each of which is entered when there is no room or no message, or on an error.
  private static let allowed = [
    "LaneClaim", "9LaneClaimC9awaitRoom", "LaneMemoryV4wake", "swift_willThrow",
    "12ChannelErrorO", "8DeadlineV",
  ]

  /// The names of what a function of the client calls.
  private static func calls(of function: String) async throws -> [String] {
    let tool = await isInstalled("llvm-objdump") ? "llvm-objdump" : "objdump"
    let symbols = try await run("sh", ["-c", "nm \(client) | grep ' [tT] .*\(function)'"])
    let symbol = symbols.text.split(separator: "\n").compactMap { $0.split(separator: " ").last }
      .filter { $0.hasPrefix("$s") && $0.contains("\(function.utf8.count)\(function)") }
      .min { $0.utf8.count < $1.utf8.count }
    let name = try #require(symbol, "\(symbols.text)")
    let listing = try await run(
      "sh", ["-c", "\(tool) -d --no-show-raw-insn --disassemble-symbols='\(name)' \(client)"])
    try #require(listing.status.isSuccess, "\(listing.text)")
    return listing.text.split(separator: "\n").compactMap { line in
      let words = line.split { $0 == " " || $0 == "\t" }
      guard let call = words.firstIndex(where: { $0.hasPrefix("call") || $0 == "bl" || $0 == "syscall" })
      else { return nil }
      return words[call...].joined(separator: " ")
    }
  }
}

#if DEBUG
  private let isRelease = false
#else
  private let isRelease = true
#endif
