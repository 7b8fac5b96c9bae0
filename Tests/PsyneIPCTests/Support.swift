import PsyneCore
import PsyneIPC
import TestSupport
import Testing

/// A directory for one test, and what this process opens there.
struct Place {
  let directory: TemporaryDirectory
  let registry: TransportRegistry

  init() throws {
    directory = try TemporaryDirectory()
    registry = TransportRegistry([IPCTransport(directory: directory.path)])
  }

  /// Opens a channel through a file of its own, as another process would.
  func open<Opened: Channel>(
    _ name: String, as channel: Opened.Type = SPSCChannel<Bytes>.self, capacity: Int? = nil
  ) throws(TransportError) -> Opened {
    try registry.open(
      "ipc://\(name)", as: channel,
      options: ChannelOptions(capacity: capacity.map { .bytes($0) }))
  }

  /// The path of a channel's segment.
  func path(_ name: String) -> String { "\(directory.path)/psyne.\(name)" }

  func peer(_ commands: String...) throws -> Peer {
    let peer = try Peer(directory: directory.path, scoreboard: scoreboardPath)
    for command in commands { try #require(peer.ask(command) == "ok", "\(command)") }
    return peer
  }

  var scoreboardPath: String { "\(directory.path)/scoreboard" }

  func scoreboard() throws -> Scoreboard { try Scoreboard(path: scoreboardPath) }
}

/// What `body` throws, which must be a `TransportError`.
func transportError(_ body: () throws(TransportError) -> Void) -> TransportError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

/// What `body` throws, which must be a `ChannelError`.
func channelError(_ body: () throws(ChannelError) -> Void) -> ChannelError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

extension Sender where Body == Bytes {
  /// Sends a message that holds nothing but a number.
  mutating func send(number: Int) throws(ChannelError) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    try send(copying: bytes.span, timeout: watchdog)
  }
}

extension Receiver where Body == Bytes {
  /// The number of the next message; nil at the end of the stream.
  mutating func number(timeout: Duration = watchdog) throws(ChannelError) -> Int? {
    let message = try receive(timeout: timeout)
    guard let message else { return nil }
    return Pattern.sequence(of: message.elements)
  }
}
