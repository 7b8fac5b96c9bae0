internal import Testing

/// On a terminal, which script(1) provides.
@Suite("progress", .timeLimit(.minutes(3)))
struct ProgressTests {
  let name = ChannelName()
  let folder = Folder()

  /// What a sender of 1 MiB writes to its terminal.
  private func terminal(_ prefix: String = "", _ options: String = "") async throws -> String {
    let file = try folder.write([UInt8](repeating: 1, count: 1 << 20), to: "in")
    let script = """
      "$psyne" recv \(name) -o "\(folder["out"])" &
      script -qec '\(prefix) "$psyne" send \(name) \(options) "\(file)"' /dev/null </dev/null
      wait
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.text
  }

  @Test("it says what it waits for, and what was moved how fast")
  func shown() async throws {
    let text = try await terminal()
    #expect(text.contains("waiting for a receiver"))
    #expect(text.contains("sent 1.00 MiB in 16 messages in "))
    #expect(text.contains("B/s\r\n"))
  }

  @Test("--quiet leaves it out")
  func quiet() async throws { #expect(try await terminal("", "--quiet") == "") }

  @Test(
    "NO_COLOR and a dumb terminal leave the colours out", arguments: ["NO_COLOR=1", "TERM=dumb"])
  func colours(variable: String) async throws {
    let script = #"script -qec '\#(variable) "$psyne" send ipc:/x' /dev/null </dev/null"#
    let plain = try await Tool.shell(script)
    #expect(plain.status == 64)
    #expect(plain.text.hasPrefix("psyne: 'ipc:/x' is no channel address"), "\(plain.text)")
    let colored = try await Tool.shell(
      #"TERM=xterm NO_COLOR= script -qec '"$psyne" send ipc:/x' /dev/null </dev/null"#)
    #expect(colored.text.hasPrefix("\u{1b}[31mpsyne:\u{1b}[0m"), "\(colored.text)")
  }
}
