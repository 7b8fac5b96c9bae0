internal import Testing

/// Processes that meet at a listener.
@Suite("send and recv with --listen and --connect", .timeLimit(.minutes(3)))
struct ConnectionTests {
  let name = ChannelName()
  let folder = Folder()

  /// Runs a script in which `place` waits for a listener, whose standard error is the file "status", and
  /// says where it is.
  private func shell(_ script: String, input: [UInt8] = []) async throws -> Outcome {
    let preamble = """
      status="\(folder["status"])"; out="\(folder["out"])"; more="\(folder["more"])"; in="\(folder["in"])"
      place() {
        until grep -qs '^psyne: listening at .*[1-9]$' "$status"; do sleep 0.01; done
        sed -n 's/^psyne: listening at //p' "$status"
      }

      """
    return try await Tool.shell(preamble + script, input: input)
  }

  /// What the listener said, but for where it is.
  private var said: String {
    let text = String(decoding: (try? folder.read("status")) ?? [], as: UTF8.self)
    return text.split(separator: "\n").filter { !$0.hasPrefix("psyne: listening at ") }
      .joined(separator: "\n")
  }

  @Test("a real file is the same on the other side, by SHA-256", arguments: ["bytes", "floats"])
  func realFile(type: String) async throws {
    let program = try Folder.read(Tool.path)
    let file = try folder.write(program[..<min(program.count & ~3, 8 << 20)], to: "in")
    for (listener, connector) in [
      (#"recv -o "$out""#, #"send "$address" "$in""#), (#"send"#, #"recv "$address" -o "$out""#),
    ] {
      let files = listener == "send" ? #""$in""# : ""
      let outcome = try await shell(
        """
        rm -f "$status" "$out"
        "$psyne" \(listener) --listen tcp://127.0.0.1:0 -t \(type) \(files) 2> "$status" & other=$!
        address=$(place)
        "$psyne" \(connector) --connect -t \(type) && wait $other || exit 1
        cat "$in" | sha256sum; cat "$out" | sha256sum
        """)
      #expect(outcome.status == 0, "\(outcome.errors)\(said)")
      let hashes = outcome.text.split(separator: "\n")
      #expect(hashes.count == 2 && hashes.first == hashes.last, "\(file)")
      #expect(said == "")
    }
  }

  @Test("lines arrive as they are, and a short channel carries them all")
  func lines() async throws {
    let text = (1...20_000).map { "line \($0) λ\n" }.joined() + "\n\nlast"
    let outcome = try await shell(
      """
      "$psyne" recv --listen tcp://127.0.0.1:0 -t text --capacity 4KiB 2> "$status" & receiver=$!
      "$psyne" send --connect "$(place)" -t text --capacity 4KiB && wait $receiver
      """, input: Array(text.utf8))
    #expect(outcome.status == 0, "\(outcome.errors)\(said)")
    let isEqual = outcome.text == text + "\n"
    #expect(isEqual)
  }

  @Test("whoever connects waits for the listener, here in another scheme")
  func connectorFirst() async throws {
    let outcome = try await shell(
      """
      "$psyne" send --connect \(name) & sender=$!
      until [ -e \(name.segment) ]; do sleep 0.01; done
      "$psyne" recv --listen \(name) && wait $sender
      """, input: [])
    #expect(outcome.status == 0, "\(outcome.errors)")
    name.expectNothingLeft()
  }

  @Test(
    "a listener receives from several at once, each in its order, and ends when all are gone",
    arguments: ["tcp", "ipc"])
  func severalSenders(scheme: String) async throws {
    // One is there from before the first to after the last.
    let outcome = try await shell(
      """
      mkfifo "$in"
      case \(scheme) in
        tcp) "$psyne" recv --listen tcp://127.0.0.1:0 -t text > "$out" 2> "$status" & receiver=$!
             address=$(place) ;;
        ipc) address=ipc://\(name)
             "$psyne" recv --listen $address -t text > "$out" 2> "$status" & receiver=$! ;;
      esac
      "$psyne" send --connect "$address" -t text < "$in" & first=$!
      exec 3> "$in"
      echo first >&3
      until grep -qs first "$out"; do sleep 0.01; done
      senders=""
      for sender in a b c; do
        seq -f "$sender %.0f" 3000 | "$psyne" send --connect "$address" -t text 3>&- &
        senders="$senders $!"
      done
      for sender in $senders; do wait $sender || echo "failed"; done
      echo last >&3; exec 3>&-
      wait $first && wait $receiver
      """)
    #expect(outcome.status == 0, "\(outcome.errors)\(said)")
    #expect(outcome.text == "")
    let text = String(decoding: try folder.read("out"), as: UTF8.self)
    let lines = text.split(separator: "\n")
    for sender in ["a", "b", "c"] {
      let own = lines.filter { $0.hasPrefix("\(sender) ") }
      let isInOrder = own.elementsEqual((1...3000).map { "\(sender) \($0)" }) { $0 == $1 }
      #expect(isInOrder)
    }
    #expect(lines.first == "first" && lines.last == "last" && lines.count == 9002)
    name.expectNothingLeft()
  }

  @Test("--keep goes on with the senders that come next")
  func keep() async throws {
    let outcome = try await shell(
      """
      "$psyne" recv --listen --keep tcp://127.0.0.1:0 -t text -n 2 2> "$status" & receiver=$!
      address=$(place)
      echo one | "$psyne" send --connect "$address" -t text || exit 1
      echo two | "$psyne" send --connect "$address" -t text || exit 1
      wait $receiver
      """)
    #expect(outcome.status == 0, "\(outcome.errors)\(said)")
    #expect(outcome.text == "one\ntwo\n")
  }

  @Test("--to all gives everything to every receiver, --to free each message to one")
  func fanOut() async throws {
    let text = (1...5000).map { "\($0)\n" }.joined()
    let file = try folder.write(text.utf8, to: "in")
    for to in ["all", "free"] {
      let outcome = try await shell(
        """
        rm -f "$status"
        "$psyne" send --listen --to \(to) --receivers 2 tcp://127.0.0.1:0 -t text "\(file)" 2> "$status" & sender=$!
        address=$(place)
        "$psyne" recv --connect "$address" -t text -o "$more" & other=$!
        "$psyne" recv --connect "$address" -t text -o "$out" && wait $other && wait $sender
        """)
      #expect(outcome.status == 0, "\(outcome.errors)\(said)")
      let (one, other) = (try folder.read("out"), try folder.read("more"))
      if to == "all" {
        let areAll = one == Array(text.utf8) && other == Array(text.utf8)
        #expect(areAll)
      } else {
        let together = String(decoding: one + other, as: UTF8.self).split(separator: "\n")
        let isAll = together.compactMap { Int($0) }.sorted() == Array(1...5000)
        #expect(isAll)
      }
    }
  }
}
