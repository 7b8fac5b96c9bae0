internal import ArgumentParser
internal import Psyne

/// What `send` and `recv` have in common.
struct ChannelArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The channel: ipc://NAME, or just NAME.", valueName: "uri"),
    completion: .custom { _, _, _ in Segments.addresses() })
  var uri: String

  @Option(name: .shortAndLong, help: "What a message holds.")
  var type: PayloadType = .bytes

  @Option(
    help: ArgumentHelp(
      "How much the channel holds, as 16MiB (default: what it has, or 4MiB)", valueName: "size"),
    transform: Self.size)
  var capacity: ByteCount?

  @Option(
    help: ArgumentHelp(
      "How long to wait for the other side to come or to go on, as 250ms, 5s or 2m (default: for "
        + "ever)", valueName: "time"),
    transform: Self.time)
  var timeout: TimeLimit?

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("End after so many messages.", valueName: "n"))
  var count: Int?

  @Flag(name: .shortAndLong, help: "No progress on the terminal.")
  var quiet = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be 1 at least, not \(count).") }
  }

  static func size(_ text: String) throws -> ByteCount {
    guard let size = ByteCount(text), size.bytes > 0 else {
      throw ValidationError("write a number and a unit: 65536, 64KiB, 16MiB, 1GiB")
    }
    return size
  }

  static func time(_ text: String) throws -> TimeLimit {
    guard let time = TimeLimit(text) else {
      throw ValidationError("write a whole number and a unit: 250ms, 5s, 2m, 1h")
    }
    return time
  }
}

enum PayloadType: String, CaseIterable, ExpressibleByArgument {
  case bytes, floats, text
}

extension ChannelArguments {
  /// The address as it was meant: a bare name is one of ipc.
  var address: String {
    let name = uri.prefix { $0 != "?" }
    let isBareName =
      !name.isEmpty
      && name.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0))
      }
    return isBareName ? "ipc://\(uri)" : uri
  }

  /// Opens the channel, so that it is left in order whatever ends the process.
  func open<Body: MessageBody & SendableMetatype>(_ body: Body.Type) throws -> SPSCChannel<Body> {
    let address = address
    guard try ChannelAddress(address).scheme != "memory" else {
      throw Failure(
        .usage, "'\(uri)' joins the threads of one process; between processes, write ipc://NAME")
    }
    return try Departure.guarding {
      try SPSCChannel<Body>(address, capacity: capacity)
    } cleanUp: {
      $0.abandon()
      Progress.endLine()
    }
  }
}
