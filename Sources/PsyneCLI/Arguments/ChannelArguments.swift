internal import ArgumentParser
internal import Psyne

/// What `send` and `recv` have in common.
struct ChannelArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The channel: ipc://NAME, or just NAME. With --listen or --connect, tcp://HOST:PORT and tls://HOST:PORT too.",
      valueName: "uri"),
    completion: .custom { _, _, _ in Segments.addresses() })
  var uri: String

  @Flag(help: "Let others connect, with --connect: over tcp:// and tls:// from other hosts.")
  var listen = false

  @Flag(help: "Connect to whoever listens, with --listen; wait for it.")
  var connect = false

  @OptionGroup var secure: SecureArguments

  @Option(name: .shortAndLong, help: "What a message holds.")
  var type: PayloadType = .bytes

  @Option(
    name: .shortAndLong,
    help:
      "How many senders and receivers there can be, and who gets a message (default: spsc)")
  var kind: KindOption?

  @Option(
    help: ArgumentHelp("The most senders, of mpsc and mpmc (default: 8)", valueName: "n"))
  var producers: Int?

  @Option(
    help: ArgumentHelp(
      "The most receivers, of spmc, mpmc and broadcast (default: 8)", valueName: "n"))
  var consumers: Int?

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

  @Flag(
    name: .shortAndLong,
    help: "Say how each connection's bytes travel, and at the end what was done, on standard error."
  )
  var verbose = false

  var talk: ConnectionTalk { ConnectionTalk(isQuiet: quiet, isVerbose: verbose) }

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be 1 at least, not \(count).") }
    if quiet, verbose {
      throw ValidationError("--quiet and --verbose exclude each other.")
    }
    try validateMeeting()
    try secure.validate(for: uri, listens: listen)
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

/// The kinds of channels, as they are written on the command line.
enum KindOption: String, CaseIterable, ExpressibleByArgument {
  case spsc, mpsc, spmc, mpmc, broadcast
}
