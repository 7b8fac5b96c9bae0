@testable internal import PsyneCLI
internal import Testing

@Suite("help", .timeLimit(.minutes(1)))
struct HelpTests {
  @Test("--version says the version")
  func version() async throws {
    let outcome = try await Tool.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.text == "psyne \(PsyneCommand.version)\n")
  }

  @Test(
    "help tells every exit status", arguments: [["--help"], ["help", "send"], ["recv", "-h"]])
  func statuses(arguments: [String]) async throws {
    let outcome = try await Tool.run(arguments)
    #expect(outcome.status == 0)
    for status in ["0", "1", "64", "66", "68", "69", "73", "74", "75", "77", "129, 130, 131, 143"] {
      #expect(outcome.text.contains(" \(status)  "), "status \(status)")
    }
    #expect(outcome.text.contains("ipc://NAME[?OPTION=VALUE&...]"))
  }

  @Test(
    "help of send and recv tells the kinds and the options of addresses",
    arguments: ["send", "recv"])
  func kinds(command: String) async throws {
    let outcome = try await Tool.run(["help", command])
    for kind in ["spsc", "mpsc", "spmc", "mpmc", "broadcast"] {
      #expect(outcome.text.contains("\n  \(kind) "), "\(kind)")
    }
    for option in ["capacity", "producers", "consumers", "wait", "full", "slow", "mode", "numa"] {
      #expect(outcome.text.contains("\(option)="), "\(option)")
    }
  }

  @Test("the texts of help fit a terminal of 80 columns")
  func width() {
    for text in [
      HelpText.overview, HelpText.send, HelpText.recv, HelpText.stat, HelpText.demo, HelpText.cert,
      HelpText.certAuthority, HelpText.certServer, HelpText.certClient, HelpText.certRevoke,
    ] {
      for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }
}
