@testable internal import PsyneCLI
internal import Testing

@Suite("stat", .timeLimit(.minutes(3)))
struct StatTests {
  let name = ChannelName()
  let folder = Folder()

  /// Runs `commands` beside a receiver that has got two lines, and a sender that has more to come.
  /// The first line that is printed are their process ids.
  private func beside(_ commands: String) async throws -> (pids: [Substring], outcome: Outcome) {
    let script = """
      out="\(folder["out"])"
      mkfifo "\(folder["in"])"
      "$psyne" recv \(name) -t text -k mpsc --producers 3 > "$out" & receiver=$!
      "$psyne" send \(name) -t text -k mpsc --producers 3 < "\(folder["in"])" & sender=$!
      exec 3> "\(folder["in"])"
      printf 'one\\ntwo\\n' >&3
      until grep -qs two "$out"; do sleep 0.01; done
      echo $receiver $sender
      \(commands)
      exec 3>&-
      wait $sender && wait $receiver
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.status == 0, "\(outcome.errors)")
    name.expectNothingLeft()
    let first = outcome.text.split(separator: "\n").first ?? ""
    return (first.split(separator: " "), outcome)
  }

  @Test("a channel, its parties and its counters, in words")
  func words() async throws {
    let (pids, outcome) = try await beside(#""$psyne" stat \#(name)"#)
    #expect(outcome.errors == "")
    #expect(outcome.text.contains("ipc://\(name): MPSC of text, lanes of 4.00 MiB\n"))
    for pid in pids { #expect(outcome.text.contains("process \(pid) (psyne)")) }
    let rows = outcome.text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(rows.contains(["0", "here", "2", "32", "B", "0", "B", "0", "0"]), "\(outcome.text)")
    #expect(rows.contains { $0.prefix(5) == ["all", "1", "of", "3", "2"] }, "\(outcome.text)")
    #expect(rows.contains { $0.prefix(4) == ["all", "1", "of", "1"] }, "\(outcome.text)")
  }

  @Test("the same as JSON, on one line")
  func json() async throws {
    let (pids, outcome) = try await beside(#""$psyne" stat --json ipc://\#(name)"#)
    let lines = outcome.text.split(separator: "\n")
    #expect(lines.count == 2)
    let line = lines.last ?? ""
    for field in [
      #"{"address":"ipc://\#(name)","kind":"mpsc","type":11,"typeName":"text","elementSize":1,"#,
      #""capacity":4194304,"producers":3,"consumers":1,"#, #""messages":2,"bytes":32,"#,
      #""senders":[{"attached":true,"messages":2,"bytes":32,"unreadBytes":0,"#,
      #"{"attached":false,"messages":0,"#, #""receivers":[{"attached":true,"#,
    ] {
      #expect(line.contains(field), "\(field) in \(line)")
    }
    for pid in pids { #expect(line.contains("\"process \(pid) (psyne)\"")) }
  }

  @Test("without a name, every channel there is")
  func all() async throws {
    let (_, outcome) = try await beside(#""$psyne" stat; "$psyne" stat --json"#)
    let rows = outcome.text.split(separator: "\n").map { $0.split(separator: " ") }
    let expected = ["ipc://\(name)", "MPSC", "text", "1", "of", "3", "1", "of", "1", "2", "0", "B"]
    #expect(rows.contains { $0.elementsEqual(expected) { $0 == $1 } }, "\(outcome.text)")
    #expect(outcome.text.contains(#"{"address":"ipc://\#(name)","kind":"mpsc""#))
  }

  @Test("--watch prints rates until a signal ends it, or until the channel is gone, which is 0")
  func watch() async throws {
    let (_, outcome) = try await beside(
      """
      "$psyne" stat \(name) --watch 0.02 > "\(folder["status"])" 3>&- & watcher=$!
      until [ "$(wc -l < "\(folder["status"])")" -gt 3 ]; do sleep 0.01; done
      kill -TERM $watcher; wait $watcher; echo "watch $?"
      "$psyne" stat \(name) --watch 0.02 --json > "\(folder["status"])" 3>&- & watcher=$!
      until grep -q '"messagesPerSecond":0.0' "\(folder["status"])"; do sleep 0.01; done
      exec 3>&-
      wait $watcher; echo "watch $?"
      """)
    #expect(outcome.text.hasSuffix("watch 143\nwatch 0\n"), "\(outcome.text)\(outcome.errors)")
  }

  @Test("66 for a channel that does not exist")
  func missing() async throws {
    let outcome = try await Tool.run(["stat", "\(name)"])
    #expect(outcome.status == 66)
    #expect(outcome.errors.contains("there is no channel 'ipc://\(name)'"), "\(outcome.errors)")
  }

  @Test("1 for a file that is no channel, which stays as it is")
  func noChannel() async throws {
    let script = """
      echo hello > \(name.segment); "$psyne" stat \(name); echo $?; cat \(name.segment)
      rm \(name.segment)
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.text == "1\nhello\n")
    #expect(outcome.errors.contains("is no Psyne channel"), "\(outcome.errors)")
  }

  @Test("names of parties cannot break out of JSON")
  func quoting() {
    #expect(JSON.string("a\"b\\c\n\u{1}é").description == #""a\"b\\c\u000a\u0001é""#)
  }

  @Test("columns of numbers are right-aligned, and no line ends in blanks")
  func table() {
    var table = Table(["name", "count"])
    table.add(["long name", "1"])
    table.add(["x", "1,000"])
    #expect(table.text == "name       count\nlong name      1\nx          1,000\n")
  }
}
