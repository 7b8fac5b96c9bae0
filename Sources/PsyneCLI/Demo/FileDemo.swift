internal import Glibc

/// Streams files from `psyne send` to `psyne recv` and compares both sides.
struct FileDemo {
  let files: [String]

  func run() async throws {
    let console = Console.output
    console.write(DemoText.heading(1, "Real files through shared memory"))
    let source = try files.isEmpty ? await DemoFiles.found() : DemoFiles(named: files)
    for file in source.files {
      console.write(DemoText.line("file", "\(file.path), \(Format.bytes(file.bytes))"))
    }
    // Reading them here also brings them from the disk, which is not what is measured.
    let sent = try await hash(source.paths)

    let directory = try TemporaryDirectory(holding: source.bytes)
    defer { directory.remove() }
    let name = "psyne-demo-\(getpid())"
    let copy = directory.file
    console.write(DemoText.line("process 1", "psyne recv ipc://\(name) -o \(copy)"))
    console.write(DemoText.line("process 2", "psyne send ipc://\(name) FILE..."))
    let clock = ContinuousClock()
    let time = try await clock.measure {
      try await Child.together {
        try await Child.psyne(["recv", "ipc://\(name)", "--timeout", "60s", "--quiet", "-o", copy])
      } _: {
        try await Child.psyne(["send", "ipc://\(name)", "--timeout", "60s", "--"] + source.paths)
      }
    }
    console.write(
      DemoText.line(
        "streamed",
        "\(console.bold)\(Format.bytes(source.bytes))\(console.plain) in \(Format.time(time)): "
          + "\(console.bold)\(Format.rate(bytes: source.bytes, in: time))\(console.plain) "
          + "from file to file"))

    let received = try await hash([copy])
    console.write(DemoText.line("sent", "sha256 \(sent)"))
    guard sent == received else {
      console.write(DemoText.line("received", "sha256 \(received)"))
      throw Failure(.failure, "what was received is not what was sent")
    }
    console.write(DemoText.line("received", "sha256 \(received) \(console.good("equal"))"))
  }

  /// Of all of them one after the other.
  private func hash(_ paths: [String]) async throws -> String {
    let script = #"cat -- "$@" | sha256sum"#
    let text = try await Child.output(of: "sh", ["-c", script, "sh"] + paths)
    let digest = text.prefix { $0 != " " }
    guard digest.count == 64 else {
      throw Failure(.failure, "sha256sum printed no hash, but '\(text)'")
    }
    return String(digest)
  }
}
