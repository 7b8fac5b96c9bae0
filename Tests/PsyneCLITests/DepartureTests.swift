internal import Glibc
internal import Testing

@Suite("processes that end before their time", .timeLimit(.minutes(3)))
struct DepartureTests {
  let name = ChannelName()
  let folder = Folder()

  @Test("a receiver is told that its sender was killed, and keeps what had arrived")
  func senderKilled() async throws {
    let received = try await Tool.run(["recv", "\(name)", "-o", folder["out"]]) {
      [name, folder] _ in
      let sent = try await Tool.run(["send", "\(name)", "/dev/zero"]) { sender in
        try await eventually("bytes arrive") { folder.size(of: "out") > 1 << 20 }
        kill(sender, SIGKILL)
      }
      #expect(sent.status == 1000 + SIGKILL)
    }
    #expect(received.status == 69)
    #expect(received.errors.hasPrefix("psyne: the sender died before it had sent everything"))
    #expect(received.errors.contains("had arrived before and is in '\(folder["out"])'"))
    // Whole messages of what a read of /dev/zero gives, and nothing torn.
    #expect(folder.size(of: "out").isMultiple(of: 64 << 10))
    #expect(try folder.read("out").allSatisfy { $0 == 0 })
    name.expectNothingLeft()
  }

  @Test("a sender is told that its receiver was killed")
  func receiverKilled() async throws {
    let sent = try await Tool.run(["send", "\(name)", "/dev/zero"]) { [name, folder] _ in
      let received = try await Tool.run(["recv", "\(name)", "-o", folder["out"]]) { receiver in
        try await eventually("bytes arrive") { folder.size(of: "out") > 1 << 20 }
        kill(receiver, SIGKILL)
      }
      #expect(received.status == 1000 + SIGKILL)
    }
    #expect(sent.status == 69)
    #expect(sent.errors == "psyne: the receiver died before it had read everything\n")
    name.expectNothingLeft()
  }

  @Test(
    "a signal ends whoever waits, and nothing is left in /dev/shm",
    arguments: ["send", "recv"], [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func signalWhileWaiting(command: String, signal: Int32) async throws {
    // With /dev/zero the sender soon waits for room, and so for a receiver.
    let arguments = ["\(name)"] + (command == "send" ? ["/dev/zero"] : [])
    let outcome = try await Tool.run([command] + arguments) { [name] process in
      try await eventually("it is there") { name.hasSender || name.hasReceiver }
      kill(process, signal)
    }
    #expect(outcome.status == 128 + signal)
    #expect(outcome.errors == "")
    name.expectNothingLeft()
  }

  @Test("a signal at any moment of the start leaves nothing behind")
  func signalWhileStarting() async throws {
    for microseconds in stride(from: 0, to: 16_000, by: 500) {
      let name = ChannelName()
      let outcome = try await Tool.run(["recv", "\(name)"]) { process in
        try await Task.sleep(for: .microseconds(microseconds))
        kill(process, SIGTERM)
      }
      // Until the signals are blocked, it ends as every program does.
      #expect([143, 1000 + SIGTERM].contains(outcome.status))
      name.expectNothingLeft()
    }
  }

  @Test("Ctrl-C of a sender is no orderly end for its receiver")
  func senderInterrupted() async throws {
    let received = try await Tool.run(["recv", "\(name)", "-o", folder["out"]]) {
      [name, folder] _ in
      let sent = try await Tool.run(["send", "\(name)", "/dev/zero"]) { sender in
        try await eventually("bytes arrive") { folder.size(of: "out") > 1 << 20 }
        kill(sender, SIGINT)
      }
      #expect(sent.status == 130)
    }
    #expect(received.status == 69)
    #expect(received.errors.contains("the sender died"))
    name.expectNothingLeft()
  }

  @Test("Ctrl-C of a receiver is told to its sender")
  func receiverInterrupted() async throws {
    let sent = try await Tool.run(["send", "\(name)", "/dev/zero"]) { [name, folder] _ in
      let received = try await Tool.run(["recv", "\(name)", "-o", folder["out"]]) { receiver in
        try await eventually("bytes arrive") { folder.size(of: "out") > 1 << 20 }
        kill(receiver, SIGINT)
      }
      #expect(received.status == 130)
    }
    #expect(sent.status == 69)
    name.expectNothingLeft()
  }

  @Test(
    "a signal leaves nothing of a connection, whichever side it ends first",
    arguments: ["$one $two", "$two $one", "$one"])
  func connection(order: String) async throws {
    let outcome = try await Tool.shell(
      """
      "$psyne" send --listen ipc://\(name) /dev/zero & one=$!
      "$psyne" recv --connect ipc://\(name) -o "\(folder["out"])" & two=$!
      until [ -s "\(folder["out"])" ]; do sleep 0.01; done
      for process in \(order); do kill -TERM $process; wait $process; done
      wait; ls /dev/shm | grep -E '^psyne[.]\(name)([.]|$)'
      """)
    #expect(outcome.text == "", "\(outcome.errors)")
  }

  @Test("what nohup ignores stays ignored")
  func ignoredSignals() async throws {
    let script = """
      trap '' HUP INT QUIT
      "$psyne" recv \(name) > "\(folder["out"])" &
      while [ ! -e \(name.segment) ]; do sleep 0.01; done
      for signal in HUP INT QUIT; do kill -$signal $!; done
      echo hello | "$psyne" send \(name) && wait $!
      """
    let outcome = try await Tool.shell(script)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try folder.read("out") == Array("hello\n".utf8))
  }

  @Test("a killed process is in nobody's way afterwards")
  func restart() async throws {
    let killed = try await Tool.run(["recv", "\(name)"]) { [name] receiver in
      try await eventually("it is there") { name.hasReceiver }
      kill(receiver, SIGKILL)
    }
    #expect(killed.status == 1000 + SIGKILL)
    #expect(name.exists)
    let transfer = try await Transfer(
      send: [], receive: [], on: "\(name)", input: Array("again".utf8))
    transfer.expectSuccess()
    #expect(transfer.received.text == "again")
    name.expectNothingLeft()
  }
}
