internal import Glibc

/// Streams files from `psyne send` to `psyne recv` and compares both sides.
struct FileDemo {
  let files: [String]

  /// - Returns: how fast it was.
  func run() async throws -> StreamedFiles {
    let console = Console.output
    console.write(DemoText.heading(1, "Real files through shared memory"))
    let source = try files.isEmpty ? await DemoFiles.found() : DemoFiles(named: files)
    for file in source.files {
      console.write(DemoText.line("file", "\(file.path), \(Format.bytes(file.bytes))"))
    }
    // Reading them here also brings them from the disk, which is not what is measured.
    let sent = try await FileHash.of(source.paths)
    let name = "psyne-demo-\(getpid())"
    let time = try await StreamedFiles.measure(source, sent) { copy in
      console.write(DemoText.line("process 1", "psyne recv ipc://\(name) -o \(copy)"))
      console.write(DemoText.line("process 2", "psyne send ipc://\(name) FILE..."))
      try await Child.together {
        try await Child.psyne(["recv", "ipc://\(name)", "--timeout", "60s", "--quiet", "-o", copy])
      } _: {
        try await Child.psyne(["send", "ipc://\(name)", "--timeout", "60s", "--"] + source.paths)
      }
    }
    return StreamedFiles(source: source, hash: sent, time: time)
  }
}
