import PsyneCore
import TestSupport

/// What is said at a listener's door. Anybody can say it who may use the channel.
struct Announced: FixedSizeMessage {
  static let messageType: MessageType = 0x5053_594e
  var low: UInt64
  var high: UInt64

  static func random() -> Announced {
    Announced(low: .random(in: 0 ... .max), high: .random(in: 0 ... .max))
  }

  /// The name of one of the connection's channels.
  func channel(_ suffix: String, of name: String) -> String { "\(name).\(token).\(suffix)" }

  private var token: String {
    [high, low].map { number in
      let digits = String(number, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  static let suffixes = ["answer", "down", "life", "up"]
}

extension Place {
  /// Where a listener called `name` is told who wants to connect.
  func door(_ name: String) throws(TransportError) -> MPSCChannel<Announced> {
    try registry.open(
      "ipc://\(name)", options: ChannelOptions(capacity: .kibibytes(4), producers: 63))
  }

  /// One of the two channels by which the sides of a connection notice each other.
  func notice(_ name: String) throws(TransportError) -> SPSCChannel<Text> {
    try registry.open("ipc://\(name)", options: ChannelOptions(capacity: .kibibytes(4)))
  }

  /// Says `announced` at the door, and waits until the listener has dealt with it.
  func announce(_ announced: Announced, to name: String) throws {
    var bell = try door(name).sender()
    try bell.awaitReceiver(timeout: watchdog)
    try bell.send(announced, timeout: watchdog)
    try bell.drain(timeout: watchdog)
  }

  /// A process that has the four channels of a connection open, and no end of them.
  func holder(of announced: Announced, _ name: String) throws -> Peer {
    let peer = try peer()
    for suffix in Announced.suffixes {
      _ = try peer.ask("keep \(announced.channel(suffix, of: name)) 4096")
    }
    return peer
  }

  func server(_ name: String) throws(TransportError) -> Server<Bytes> {
    try registry.listen("ipc://\(name)?capacity=16KiB")
  }

  func connect(_ name: String, _ options: String = "") throws(TransportError) -> Connection<Bytes> {
    try registry.connect("ipc://\(name)?capacity=16KiB" + (options.isEmpty ? "" : "&\(options)"))
  }

  /// The names of the segments of connections to `name`.
  func connections(to name: String) -> [String] {
    directory.segments.filter { $0.hasPrefix("psyne.\(name).") }
  }
}
