public import PsyneCore

/// When a sender's messages are handed to the system.
public enum FlushPolicy: String, Hashable, Sendable, CaseIterable {
  /// Each at once, by the thread that sends it.
  case immediate
  /// At once if nothing was sent for a while; those that follow closely are collected. The default.
  case adaptive
  /// By the engine's thread, so that a sender of few messages makes no system call but to wake it; by the
  /// sender when it has written much, or finds the lane full.
  case background
}

extension FlushPolicy: OptionValue {
  package static var kind: String { "way to flush" }
}

/// What can be set for `tcp://`, in code or in an address, which has the last word. `docs/options.md` lists
/// the names in addresses, and says when to change what. What is out of range is
/// ``TransportError/Code/invalidOption`` when somebody listens or connects.
public struct TCPOptions: Hashable, Sendable {
  /// Whether small segments leave at once. Nagle's algorithm waits for more.
  public var noDelay = true
  /// The system's send buffer of a connection, 4 KiB to 1 GiB, of which it makes what it thinks right; nil
  /// leaves it to the system, which lets it grow.
  public var sendBuffer: ByteCount?
  /// The system's receive buffer of a connection, likewise.
  public var receiveBuffer: ByteCount?
  /// Bytes that the system holds unsent at most, 4 KiB to 1 GiB: more waits in the lane. Nil leaves it to
  /// the system.
  public var notSentLowWater: ByteCount? = .kibibytes(256)
  /// Each side says something at least this often, 50 ms to 1 h; one that misses it three times is cut off,
  /// and waited for as ``resume`` says.
  public var keepAlive: Duration = .seconds(5)
  /// For how long the system sends again what is not acknowledged, 50 ms to 24 h. Nil is three times
  /// ``keepAlive``.
  public var userTimeout: Duration?
  /// How long a connection that ends in order waits for what it has sent to arrive, up to a year; what has
  /// not is then reported as ``Diagnostic/Code/undelivered``.
  public var linger: Duration = .seconds(5)
  /// When messages are handed to the system.
  public var flush = FlushPolicy.adaptive
  /// The longest message that is taken, without its header: 1 B or more. Nil is what the lane holds. A
  /// longer one ends the connection that it comes by.
  public var largestMessage: ByteCount?
  /// How long a broken connection is waited for, by either side, before it has failed; up to a year.
  public var resume: Duration = .seconds(30)
  /// The most connections of one listener, those that are interrupted included: 1 to 1 000 000.
  public var connections = 1024
  /// The most of them from one address, likewise.
  public var connectionsPerAddress = 256
  /// How long a stranger may take for its hello, and a connector waits for the listener's: 1 ms to 1 h.
  public var helloTimeout: Duration = .seconds(3)

  public init() {}

  static let names = [
    "nodelay", "sndbuf", "rcvbuf", "notsentlowat", "keepalive", "usertimeout", "linger", "flush",
    "maxmessage", "resume", "connections", "peraddress", "hellotimeout",
  ]

  /// Adds what an address says.
  func merging(_ address: ChannelAddress) throws(TransportError) -> TCPOptions {
    var merged = self
    for option in address.options {
      switch option.name {
      case "nodelay": merged.noDelay = try value(option, address, YesOrNo.self) == .yes
      case "sndbuf": merged.sendBuffer = try value(option, address)
      case "rcvbuf": merged.receiveBuffer = try value(option, address)
      case "notsentlowat": merged.notSentLowWater = try value(option, address)
      case "keepalive": merged.keepAlive = try value(option, address)
      case "usertimeout": merged.userTimeout = try value(option, address)
      case "linger": merged.linger = try value(option, address)
      case "flush": merged.flush = try value(option, address)
      case "maxmessage": merged.largestMessage = try value(option, address)
      case "resume": merged.resume = try value(option, address)
      case "connections": merged.connections = try value(option, address)
      case "peraddress": merged.connectionsPerAddress = try value(option, address)
      case "hellotimeout": merged.helloTimeout = try value(option, address)
      default: break
      }
    }
    try merged.validate(address)
    return merged
  }

  private func value<Value: OptionValue>(
    _ option: ChannelAddress.Option, _ address: ChannelAddress, _ type: Value.Type = Value.self
  ) throws(TransportError) -> Value {
    var value: Value?
    try ChannelOptions.merge(option, address, into: &value)
    guard let value else { preconditionFailure("a merged option has a value") }
    return value
  }

  /// Throws for what nobody can have, whoever has said it.
  private func validate(_ address: ChannelAddress) throws(TransportError) {
    func check(
      _ name: String, _ value: String, _ isPossible: Bool, _ range: String
    ) throws(TransportError) {
      guard isPossible else {
        throw TransportError(
          .invalidOption,
          "'\(address)' cannot be had: \(name) \(value) is out of range: it can be \(range)")
      }
    }
    for (name, size) in [
      ("sndbuf", sendBuffer), ("rcvbuf", receiveBuffer), ("notsentlowat", notSentLowWater),
    ] {
      guard let size else { continue }
      try check(
        name, "\(size)", (.kibibytes(4)...ByteCount.gibibytes(1)).contains(size), "4 KiB to 1 GiB")
    }
    if let largestMessage {
      try check("maxmessage", "\(largestMessage)", largestMessage.bytes >= 1, "1 B or more")
    }
    let (minimum, hour, year) = (Duration.milliseconds(50), Duration.seconds(3600), Self.year)
    let day = hour * 24
    for (name, time, range, words) in [
      ("keepalive", keepAlive, minimum...hour, "50ms to 1h"),
      ("usertimeout", userTimeout ?? minimum, minimum...day, "50ms to 24h"),
      ("hellotimeout", helloTimeout, .milliseconds(1)...hour, "1ms to 1h"),
      ("linger", linger, .zero...year, "0s to 8760h, a year"),
      ("resume", resume, .zero...year, "0s to 8760h, a year"),
    ] {
      try check(name, Self.spelled(time), range.contains(time), words)
    }
    for (name, count) in [("connections", connections), ("peraddress", connectionsPerAddress)] {
      try check(name, "\(count)", (1...1_000_000).contains(count), "1 to 1000000")
    }
  }

  private static var year: Duration { .seconds(8760 * 3600) }

  /// Also of a time that has no number of seconds.
  static func spelled(_ time: Duration) -> String {
    if time <= .zero { return time == .zero ? "0s" : "of less than nothing" }
    return time > year * 100 ? "of more than 100 years" : time.spelled
  }
}

private enum YesOrNo: String, CaseIterable, OptionValue {
  case yes, no
  static var kind: String { "answer" }
}
