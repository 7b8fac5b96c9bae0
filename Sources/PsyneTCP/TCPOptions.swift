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
  /// How long a connection that ends in order waits for what it has sent to arrive; what has not is then
  /// reported as ``Diagnostic/Code/undelivered``.
  public var linger: Duration = .seconds(5)
  /// When messages are handed to the system.
  public var flush = FlushPolicy.adaptive
  /// The longest message that is taken, without its header. Nil is what the lane holds. A longer one ends
  /// the connection that it comes by.
  public var largestMessage: ByteCount?
  /// How long a broken connection is waited for, by either side, before it has failed.
  public var resume: Duration = .seconds(30)
  /// The most connections of one listener, those that are interrupted included.
  public var connections = 1024
  /// The most of them from one address, with those that have not said hello.
  public var connectionsPerAddress = 256
  /// How long a stranger may take for its hello, and a connector waits for the listener's.
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

  private func validate(_ address: ChannelAddress) throws(TransportError) {
    func check(_ isRight: Bool, _ what: String) throws(TransportError) {
      guard isRight else {
        throw TransportError(.invalidOption, "'\(address)' cannot be had: \(what)")
      }
    }
    for (name, size) in [("sndbuf", sendBuffer), ("rcvbuf", receiveBuffer)] {
      guard let size else { continue }
      try check(
        (4096...(1 << 30)).contains(size.bytes), "\(name) \(size) is out of range: 4 KiB to 1 GiB")
    }
    if let notSentLowWater {
      try check(
        (4096...(1 << 30)).contains(notSentLowWater.bytes),
        "notsentlowat \(notSentLowWater) is out of range: 4 KiB to 1 GiB")
    }
    try check(
      (.milliseconds(50)...Duration.seconds(3600)).contains(keepAlive),
      "keepalive \(keepAlive.spelled) is out of range: 50ms to 1h")
    try check(
      userTimeout.map { (.milliseconds(50)...Duration.seconds(86400)).contains($0) } ?? true,
      "usertimeout is out of range: 50ms to 24h")
    try check(
      connections >= 1 && connectionsPerAddress >= 1, "there is to be a connection at least")
  }
}

private enum YesOrNo: String, CaseIterable, OptionValue {
  case yes, no
  static var kind: String { "answer" }
}
