import Glibc
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

  static let searches = [
    "mpsc", "spmc", "mpmc", "broadcast", "next", "next-mpsc", "next-spmc", "next-broadcast",
  ]

  @Test(
    "where several share a channel, and where tasks wait, messages cost nothing either",
    arguments: searches)
  func searchCounts(kind: String) async throws {
    let output = try await run(Self.client, ["count", kind, "10000000"])
    #expect(output.status.isSuccess)
    let line = output.text.split(separator: "\n").first ?? ""
    let counts = line.split(separator: " ").compactMap { Int($0) }
    try #require(counts.count == 5, "\(output.text)")
    print("\(kind): \(line)")
    let (made, references) = (counts[...2], counts[3...])
    if kind == "next" { #expect(counts.allSatisfy { $0 == 0 }) }
    if kind.hasSuffix("mpsc") {
      #expect(made.allSatisfy { $0 == 0 })
      // By the clock, the receiver looks whether every sender lives.
      #expect(references.allSatisfy { $0 < 10_000 })
    }
    // Nothing for a message. A claim may count references, and a broadcast's next term allocate.
    #expect(counts.allSatisfy { $0 <= 10_000_000 / 64 })
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
      "strace",
      ["-f", "-qq", "-c", "-U", "calls,name", Self.client, "pair", "structs", "\(messages)"])
    try #require(output.status.isSuccess, "\(output.text)")
    let total = output.text.split(separator: "\n").last { $0.hasSuffix("total") }
    let calls = total?.split(separator: " ").first.flatMap { Int($0) }
    return try #require(calls, "\(output.text)")
  }

  @Test("the counters count: a loop that allocates and one that calls the kernel are found out")
  func controls() async throws {
    let counted = try await run(Self.client, ["count", "control", "64000"])
    #expect(counted.status.isSuccess)
    #expect(counted.text.hasPrefix("allocations 64000 frees 64000 objects 64000 "))
    #expect(!counted.text.contains("retains 0 ") && !counted.text.contains("releases 0 "))
    let sealed = try await run(Self.client, ["seal", "control", "64000"])
    #expect(sealed.status == .signaled(SIGKILL))
  }

  @Test(
    "the loops of a client call nothing but what waits",
    arguments: [
      "sendVectors", "receiveVectors", "sendStructs", "receiveStructs", "sendBytes", "receiveBytes",
      "sendMixed", "receiveMixed", "sendBatches", "receiveBatches",
    ])
  func disassembly(function: String) async throws {
    let program = try await Disassembly(Self.client)
    let calls = try program.calls(ofClient: function)
    let strangers = calls.filter { call in !Self.allowed.contains { call.hasPrefix($0) } }
    #expect(strangers.isEmpty)
    // Every loop can wait or poll: were that not seen, something else would have been looked at.
    #expect(calls.contains { call in Self.claims.contains { call.hasPrefix($0) } })
  }

  @Test("the disassembly finds calls: a loop that allocates has strangers in it")
  func disassemblyControl() async throws {
    let calls = try await Disassembly(Self.client).calls(ofClient: "receiveControl")
    #expect(calls.contains { $0.hasPrefix("swift_allocObject") })
  }

  /// The slow paths, each of which is entered when there is no room or no message, or on an error.
  private static let allowed =
    claims + [
      "$s9PsyneCore10LaneMemoryV16wakeParkedSender", "$s9PsyneCore10LaneMemoryV13wakeReceivers",
      "$s9PsyneCore8LaneViewV7OutcomeO10isMessages", "$s9PsyneCore8DeadlineV",
      "swift_willThrowTypedImpl",
      "$s9PsyneCore12ChannelErrorOACs0D0AAWl",
    ]
  private static let claims = ["$s9PsyneCore11SenderClaimC", "$s9PsyneCore13ReceiverClaimC"]
}

#if DEBUG
  private let isRelease = false
#else
  private let isRelease = true
#endif
