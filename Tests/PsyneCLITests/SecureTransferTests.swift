internal import Testing

/// Processes that meet over TLS, with certificates that `psyne cert` has made.
@Suite("send and recv over tls://", .timeLimit(.minutes(3)))
struct SecureTransferTests {
  let folder = Folder()
  let others = Folder()

  /// Runs a script in a folder with an authority's certificate, those of a server and of a client, and one of a
  /// server elsewhere. `$others` has the same of another authority.
  private func shell(_ script: String) async throws -> Outcome {
    try await Tool.shell(
      """
      others="\(others.path)"
      for place in "$others" "\(folder.path)"; do
        cd "$place"
        { "$psyne" cert authority home && "$psyne" cert server localhost 127.0.0.1 \
          && "$psyne" cert server elsewhere.example && "$psyne" cert client laptop; } > more || exit 1
      done
      server="--cert localhost.pem --key localhost.key"
      client="--cert laptop.pem --key laptop.key"
      place() {
        until grep -qs '^psyne: listening at .*[1-9]$' status; do sleep 0.01; done
        sed -n 's/^psyne: listening at //p' status
      }
      \(script)
      """)
  }

  /// What the listener said, but for where it is.
  private var said: [Substring] {
    let text = String(decoding: (try? folder.read("status")) ?? [], as: UTF8.self)
    return text.split(separator: "\n").filter { !$0.hasPrefix("psyne: listening at ") }
  }

  @Test(
    "a real file is the same on the other side, and the listener says who has connected",
    arguments: [("recv -o out", "send", "in"), ("send in", "recv", "-o out")])
  func mutual(listener: String, connector: String, file: String) async throws {
    let program = try Folder.read(Tool.path)
    _ = try folder.write(program.prefix(8 << 20), to: "in")
    let parts = listener.split(separator: " ", maxSplits: 1)
    let outcome = try await shell(
      """
      "$psyne" \(parts[0]) --listen tls://127.0.0.1:0 --ca ca.pem --allow laptop $server \(parts[1]) \
        2> status & listener=$!
      "$psyne" \(connector) --connect "$(place)" --ca ca.pem --allow localhost $client \(file)
      echo "connector $?"; wait $listener; echo "listener $?"
      cmp in out && echo same
      """)
    #expect(outcome.text == "connector 0\nlistener 0\nsame\n", "\(outcome.errors)\(said)")
    #expect(outcome.errors == "")
    #expect(said.count == 1)
    #expect(
      said.first?.hasPrefix("psyne: CN=laptop has connected from 127.0.0.1:") == true, "\(said)")
  }

  @Test("--token is a secret of both sides, instead of client certificates")
  func token() async throws {
    let outcome = try await shell(
      """
      head -c 32 /dev/urandom > token; head -c 32 /dev/urandom > other
      "$psyne" recv --listen tls://127.0.0.1:0 $server --token token -o out 2> status & listener=$!
      echo no | "$psyne" send --connect "$(place)" --ca ca.pem --token other; echo "stranger $?"
      echo yes | "$psyne" send --connect "$(place)" --ca ca.pem --token token; echo "connector $?"
      wait $listener; echo "listener $?"; cat out
      """)
    #expect(
      outcome.text == "stranger 1\nconnector 0\nlistener 0\nyes\n", "\(outcome.errors)\(said)")
  }

  @Test("--verbose says on both sides how the bytes travel, and what was made of them")
  func verbose() async throws {
    _ = try folder.write(Array(repeating: UInt8(ascii: "a"), count: 1 << 20), to: "in")
    let outcome = try await shell(
      """
      "$psyne" recv -v --listen lz4+tls://127.0.0.1:0 --ca ca.pem $server > out 2> status & listener=$!
      "$psyne" send -v --connect "$(place)?level=auto" --ca ca.pem $client in
      echo "connector $?"; wait $listener; echo "listener $?"
      cmp in out && echo same
      """)
    #expect(outcome.text == "connector 0\nlistener 0\nsame\n", "\(outcome.errors)\(said)")
    let security =
      "over TCP; TLS 1.3, TLS_AES_256_GCM_SHA384, x25519, not by the kernel; lz4 (level "
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 4, "\(lines)")
    #expect(lines.first?.hasPrefix("psyne: connected to 127.0.0.1:") == true)
    #expect(lines.first?.hasSuffix("\(security)auto, shuffle auto)") == true, "\(lines)")
    #expect(outcome.errors.contains("psyne: sent 1.00 MiB in 16 messages in "))
    #expect(outcome.errors.contains("psyne: encoded 1.00 MiB into "))
    #expect(said.count == 4, "\(said)")
    #expect(said.first?.hasPrefix("psyne: CN=laptop has connected from 127.0.0.1:") == true)
    #expect(said.first?.hasSuffix("\(security)fast, shuffle auto)") == true, "\(said)")
    #expect(said.contains { $0.hasPrefix("psyne: received 1.00 MiB in 16 messages in ") })
    #expect(said.contains { $0.hasPrefix("psyne: decoded ") && $0.contains(" into 1.00 MiB, ") })
  }

  @Test("options in the address do the same as flags, and --quiet says nothing of who comes")
  func address() async throws {
    let outcome = try await shell(
      """
      "$psyne" recv -q --listen 'tls://localhost:0?ca=ca.pem&cert=localhost.pem' --key localhost.key \
        -t text 2> status & listener=$!
      echo hello | "$psyne" send --connect -t text \
        "$(place)?ca=ca.pem&cert=laptop.pem&key=laptop.key"
      echo "connector $?"; wait $listener; echo "listener $?"
      """)
    #expect(outcome.text.split(separator: "\n").sorted() == ["connector 0", "hello", "listener 0"])
    #expect(outcome.errors == "" && said == [])
  }

  @Test("--insecure connects to anybody, and warns")
  func insecure() async throws {
    let outcome = try await shell(
      """
      "$psyne" recv --listen tls://127.0.0.1:0 --cert elsewhere.example.pem --key elsewhere.example.key \
        > out 2> status & listener=$!
      echo hello | "$psyne" send --connect "$(place)" --insecure
      echo "connector $?"; wait $listener; echo "listener $?"; cat out
      """)
    #expect(outcome.text == "connector 0\nlistener 0\nhello\n", "\(outcome.errors)\(said)")
    #expect(outcome.errors.contains("nobody checks who is at the other end"), "\(outcome.errors)")
  }

  /// Two sides that do not trust each other, and what each says.
  struct Distrust: CustomTestStringConvertible {
    let testDescription: String
    let listener: String
    let connector: String
    let words: String
    /// Nil where the connector only leaves.
    let listenerWords: String?
  }

  @Test(
    "1, at once and with words on both sides, where one does not trust the other",
    arguments: [
      Distrust(
        testDescription: "a certificate for another host",
        listener: "--cert elsewhere.example.pem --key elsewhere.example.key",
        connector: "--ca ca.pem", words: "is not for '127.0.0.1'", listenerWords: "was turned away"),
      Distrust(
        testDescription: "a listener of an authority that the connector does not know",
        listener: "$server", connector: #"--ca "$others/ca.pem""#,
        words: "which is not trusted here", listenerWords: "does not know the authority"),
      Distrust(
        testDescription: "an authority that the system does not know",
        listener: "$server", connector: "",
        words: "which is not trusted here", listenerWords: "does not know the authority"),
      Distrust(
        testDescription: "a connector of an authority that the listener does not know",
        listener: "--ca ca.pem $server",
        connector: #"--ca ca.pem --cert "$others/laptop.pem" --key "$others/laptop.key""#,
        words: "TLS alert", listenerWords: "which is not trusted here"),
      Distrust(
        testDescription: "no client certificate",
        listener: "--ca ca.pem $server", connector: "--ca ca.pem",
        words: "the other side wants a certificate, and we have shown none: set cert and key",
        listenerWords: "has shown no certificate"),
      Distrust(
        testDescription: "a client that is not allowed",
        listener: "--ca ca.pem --allow robot-7 $server", connector: "--ca ca.pem $client",
        words: "does not let us in", listenerWords: "has no name that allow has (robot-7)"),
      Distrust(
        testDescription: "a server that is not allowed",
        listener: "$server", connector: "--ca ca.pem --allow planner",
        words: "has no name that allow has (planner)", listenerWords: nil),
      Distrust(
        testDescription: "a client's certificate at a listener",
        listener: "$client", connector: "--ca ca.pem",
        words: "is not for this side of a connection", listenerWords: "was turned away"),
    ])
  func distrust(sides: Distrust) async throws {
    let outcome = try await shell(
      """
      "$psyne" recv --listen tls://127.0.0.1:0 \(sides.listener) > out 2> status & listener=$!
      echo secret | "$psyne" send --connect "$(place)" \(sides.connector); echo "connector $?"
      \(sides.listenerWords == nil ? "" : "until grep -q 'turned away' status; do sleep 0.01; done")
      kill $listener; wait $listener; echo "listener $?"
      """)
    #expect(outcome.text == "connector 1\nlistener 143\n", "\(outcome.errors)\(said)")
    #expect(outcome.errors.hasPrefix("psyne: cannot connect to 'tls://127.0.0.1:"))
    #expect(outcome.errors.contains(sides.words), "\(outcome.errors)")
    if let words = sides.listenerWords {
      #expect(said.contains { $0.contains(words) }, "\(said)")
    }
    #expect(try folder.read("out") == [])
  }

  @Test("who was revoked is turned away, by name, and others are let in")
  func revoked() async throws {
    let outcome = try await shell(
      """
      "$psyne" cert client phone > more; "$psyne" cert revoke > more
      for revoked in no yes; do
        [ $revoked = no ] || "$psyne" cert revoke laptop.pem > more
        rm -f status
        "$psyne" recv --keep -t text --listen 'tls://127.0.0.1:0?crl=crl.pem' --ca ca.pem $server \
          > out 2> status & listener=$!
        for name in laptop phone; do
          echo "from $name" | "$psyne" send --connect "$(place)" -t text --ca ca.pem \
            --cert $name.pem --key $name.key
          echo "$name $?"
        done
        until grep -q "from phone" out; do sleep 0.01; done
        kill $listener; wait $listener
        cat out
      done
      rm phone.* crl.pem
      """)
    #expect(
      outcome.text == """
        laptop 0
        phone 0
        from laptop
        from phone
        laptop 1
        phone 0
        from phone

        """, "\(outcome.errors)\(said)")
    #expect(outcome.errors.contains("says that our certificate was revoked"), "\(outcome.errors)")
    #expect(
      said.contains {
        $0.contains("turned away") && $0.contains("CN=laptop")
          && $0.contains("was revoked by 'CN=home'")
      }, "\(said)")
  }

  @Test("1 where one side says tcp:// and the other tls://, and both say why")
  func mixedSchemes() async throws {
    for (listener, connector, words, connectorWords) in [
      (
        "tls", "tcp", "it speaks Psyne without TLS: write tls:// on both sides",
        "it looks like TLS, which this address does not speak"
      ),
      (
        "tcp", "tls", "it looks like TLS, which this address does not speak",
        "or none at all: set tls on one side as on the other, or write tcp:// on both"
      ),
    ] {
      let outcome = try await shell(
        """
        rm -f status
        "$psyne" recv --listen \(listener)://127.0.0.1:0 \(listener == "tls" ? "$server" : "") \
          > out 2> status & listener=$!
        address=$(place)
        echo secret | "$psyne" send --connect "\(connector)${address#\(listener)}" --timeout 1h \
          \(connector == "tls" ? "--ca ca.pem" : ""); echo "connector $?"
        until grep -q 'turned away' status; do sleep 0.01; done
        kill $listener; wait $listener; echo "listener $?"
        rm ca.* localhost.* elsewhere.* laptop.*; cd "$others"; rm ca.* localhost.* elsewhere.* laptop.*
        """)
      #expect(outcome.text == "connector 1\nlistener 143\n", "\(outcome.errors)\(said)")
      #expect(outcome.errors.contains(connectorWords), "\(outcome.errors)")
      #expect(said.first?.contains(words) == true, "\(said)")
      #expect(try folder.read("out") == [])
    }
  }

  @Test(
    "64 for flags that mean nothing, and for files that are none",
    arguments: [
      (["recv", "lz4+tcp://127.0.0.1:9"], "say --listen on the one, and --connect on the other"),
      (["recv", "-q", "-v", "x"], "--quiet and --verbose exclude each other"),
      (["recv", "tls://127.0.0.1:9"], "say --listen on the one, and --connect on the other"),
      (["send", "--connect", "tcp://h:9", "--ca", "x"], "--ca is for tls://HOST:PORT"),
      (["send", "x", "--cert", "x"], "--cert is for tls://HOST:PORT; over ipc://"),
      (["recv", "--connect", "tcp://h:9", "--insecure"], "--insecure is for tls://HOST:PORT"),
      (["recv", "--connect", "tls://h:9?ca=y", "--ca", "x"], "--ca and ca= in the address"),
      (
        ["recv", "--connect", "tls://h:9", "--ca", "my ca.pem"], "--ca has a ' ', which no address"
      ),
      (["recv", "--connect", "tls://h:9", "--key", "50%.key"], "--key has a '%'"),
      (
        ["recv", "--connect", "tls://h:9", "--allow", "a, b"],
        "write names in ASCII, without blanks"
      ),
      (["recv", "--connect", "tls://h:9", "--ca", ""], "--ca is empty"),
      (["recv", "--listen", "tls://127.0.0.1:0", "--insecure"], "--insecure is for --connect"),
      (["recv", "--listen", "tls://127.0.0.1:0"], "a listener needs a certificate"),
      (["recv", "--connect", "tls://127.0.0.1:1", "--ca", "/etc/hostname"], "'/etc/hostname'"),
      (["recv", "--connect", "tls://127.0.0.1:1", "--key", "x"], "key is of no use without cert"),
    ])
  func usage(arguments: [String], words: String) async throws {
    try await Tool.refuses(arguments, words)
  }

  @Test("66 for a file that is not there")
  func missing() async throws {
    let outcome = try await Tool.run(
      ["recv", "--connect", "tls://127.0.0.1:1", "--ca", folder["ca.pem"]])
    #expect(outcome.status == 66)
    #expect(outcome.errors.contains("ca.pem' cannot be read"), "\(outcome.errors)")
  }
}
