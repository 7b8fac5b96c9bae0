public import PsyneCore

/// When a sender's messages are handed to the system.
public enum FlushPolicy: String, Hashable, Sendable, CaseIterable {
  /// Each at once, by the thread that sends it.
  case immediate
  /// At once if nothing was sent for a while; those that follow closely are collected. The default.
  case adaptive
  /// By the engine's thread: the sender never makes a system call, and waits for nobody but a full lane.
  case background
}

extension FlushPolicy: OptionValue {
  package static var kind: String { "way to flush" }
}

/// What can be set for `tcp://`, in code or in an address. `docs/options.md` lists the names in addresses.
public struct TCPOptions: Hashable, Sendable {
  /// Whether small segments leave at once. Nagle's algorithm waits for more.
  public var noDelay = true
  /// The system's send buffer of a connection; nil leaves it to the system, which lets it grow.
  public var sendBuffer: ByteCount?
  /// The system's receive buffer of a connection; nil leaves it to the system, which lets it grow.
  public var receiveBuffer: ByteCount?
  /// Bytes that the system holds unsent at most: what waits longer waits in the lane.
  public var notSentLowWater: ByteCount? = .kibibytes(256)
  /// Each side says something at least this often; one that misses it three times is taken for dead.
  public var keepAlive: Duration = .seconds(5)
  /// For how long the system sends again what is not acknowledged. Nil is as long as ``keepAlive``
  /// notices.
  public var userTimeout: Duration?
  /// How long a connection that ends in order waits for what it has sent to arrive.
  public var linger: Duration = .seconds(5)
  public var flush = FlushPolicy.adaptive
  /// The longest message that is taken. Nil is what the lane holds.
  public var largestMessage: ByteCount?
  /// How long a broken connection is waited for, by either side, before it has failed.
  public var resume: Duration = .seconds(30)
  /// The most connections of one listener, those that are interrupted included.
  public var connections = 1024
  /// The most of them from one address.
  public var connectionsPerAddress = 256
  /// How long a stranger may take for its hello.
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
