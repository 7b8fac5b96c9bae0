/// Files that were streamed, and how long it took.
struct StreamedFiles {
  let source: DemoFiles
  let hash: String
  let time: Duration

  var rate: String { Format.rate(bytes: source.bytes, in: time) }

  /// Has `stream` write a copy of the files, measures that and compares.
  ///
  /// - Parameter other: what to say behind the rate.
  static func measure(
    _ source: DemoFiles, _ sent: String, _ other: String = "",
    _ stream: (_ copy: String) async throws -> Void
  ) async throws -> Duration {
    let console = Console.output
    let directory = try TemporaryDirectory(for: "received", holding: source.bytes)
    defer { directory.remove() }
    let copy = directory["received"]
    let time = try await ContinuousClock().measure { try await stream(copy) }
    console.write(
      DemoText.line(
        "streamed",
        "\(console.bold)\(Format.bytes(source.bytes))\(console.plain) in \(Format.time(time)): "
          + "\(console.bold)\(Format.rate(bytes: source.bytes, in: time))\(console.plain) "
          + "from file to file\(other)"))
    let received = try await FileHash.of([copy])
    console.write(DemoText.line("sent", "sha256 \(sent)"))
    guard sent == received else {
      console.write(DemoText.line("received", "sha256 \(received)"))
      throw Failure(.failure, "what was received is not what was sent")
    }
    console.write(DemoText.line("received", "sha256 \(received) \(console.good("equal"))"))
    return time
  }
}
