public import PsyneCore

/// A kind of channel with so many senders and receivers.
public struct TrafficShape: Hashable, Sendable {
  public let kind: ChannelKind
  public let producers: Int
  public let consumers: Int

  public init(_ kind: ChannelKind, _ producers: Int, _ consumers: Int) {
    (self.kind, self.producers, self.consumers) = (kind, producers, consumers)
  }

  /// Every kind with 1, 2 and 8 of each end that there can be several of.
  public static let all: [TrafficShape] =
    [TrafficShape(.spsc, 1, 1)] + [1, 2, 8].map { TrafficShape(.mpsc, $0, 1) }
    + [1, 2, 8].map { TrafficShape(.spmc, 1, $0) }
    + [(1, 1), (2, 2), (8, 8), (2, 8), (8, 2)].map { TrafficShape(.mpmc, $0.0, $0.1) }
    + [1, 2, 8].map { TrafficShape(.broadcast, 1, $0) }

  /// One of each kind, with several of each end that there can be several of.
  public static let several = ChannelKind.allCases.map { TrafficShape(several: $0) }

  /// Two of each end that there can be several of.
  public init(several kind: ChannelKind) {
    self.init(
      kind, kind == .mpsc || kind == .mpmc ? 2 : 1, kind == .spsc || kind == .mpsc ? 1 : 2)
  }

  /// How often each message is delivered.
  public var copies: Int { kind == .broadcast ? consumers : 1 }

  /// Opens a channel of the kind.
  public func open<Body: MessageBody>(
    _ uri: String, of body: Body.Type, in registry: TransportRegistry,
    options: ChannelOptions = ChannelOptions(capacity: .bytes(BytesCargo.capacity))
  ) throws(TransportError) -> any Channel<Body> {
    var options = options
    if kind == .mpsc || kind == .mpmc { options.producers = producers }
    if kind != .spsc && kind != .mpsc { options.consumers = consumers }
    return switch kind {
    case .spsc: try registry.open(uri, as: SPSCChannel<Body>.self, options: options)
    case .mpsc: try registry.open(uri, as: MPSCChannel<Body>.self, options: options)
    case .spmc: try registry.open(uri, as: SPMCChannel<Body>.self, options: options)
    case .mpmc: try registry.open(uri, as: MPMCChannel<Body>.self, options: options)
    case .broadcast: try registry.open(uri, as: BroadcastChannel<Body>.self, options: options)
    }
  }
}

extension TrafficShape: CustomStringConvertible {
  public var description: String { "\(kind) \(producers)x\(consumers)" }
}
