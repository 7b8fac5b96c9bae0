/// The same between hosts, which here are one: over TCP, on loopback.
struct TCPDemo {
  /// What went through shared memory.
  let before: StreamedFiles

  private static let place = "tcp://127.0.0.1:0"

  func run() async throws {
    let console = Console.output
    console.write(DemoText.heading(4, "The same files over TCP, on loopback"))
    let (source, place) = (before.source, Self.place)
    _ = try await StreamedFiles.measure(
      source, before.hash, " (\(before.rate) through shared memory)"
    ) { copy in
      console.write(DemoText.line("process 1", "psyne recv --listen \(place) -o \(copy)"))
      try await Child.together(
        listener: ["recv", "--listen", place, "--timeout", "60s", "--quiet", "-o", copy]
      ) { address in
        console.write(DemoText.line("process 2", "psyne send --connect \(address) FILE..."))
        try await Child.psyne(
          ["send", "--connect", address, "--timeout", "60s", "--"] + source.paths)
      }
    }
    console.write(DemoText.heading(5, "Round trips over TCP: 1,024 floats to a server and back"))
    try await Child.together(listener: ["demo-part", "serve", place]) { address in
      try await Child.psyne(["demo-part", "call", address])
    }
  }
}
