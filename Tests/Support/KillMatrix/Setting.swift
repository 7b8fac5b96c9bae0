import PsyneCore
import TestSupport

/// A kind of channel as the matrix runs it, small enough that it is full and empty all the time.
enum Setting: String, CaseIterable, Sendable {
  case spsc, mpsc, spmc, mpmc
  case block, lose, evict

  var kind: ChannelKind {
    switch self {
    case .spsc: .spsc
    case .mpsc: .mpsc
    case .spmc: .spmc
    case .mpmc: .mpmc
    case .block, .lose, .evict: .broadcast
    }
  }

  var isBroadcast: Bool { kind == .broadcast }
  var sharesLanes: Bool { self == .spmc || self == .mpmc }
  var producers: Int { self == .mpsc || self == .mpmc ? 2 : 1 }
  var consumers: Int { self == .spsc || self == .mpsc ? 1 : 3 }

  var options: ChannelOptions {
    let slow: SlowReaderPolicy? =
      switch self {
      case .block: .block
      case .lose: .lose
      case .evict: .evict
      default: nil
      }
    return ChannelOptions(
      capacity: .bytes(4096), producers: producers > 1 ? producers : nil,
      consumers: consumers > 1 ? consumers : nil, wait: .park, slow: slow)
  }

  /// Opens the channel, through a file of its own.
  func open(_ registry: TransportRegistry, _ name: String) throws -> any Channel<Bytes> {
    let uri = "ipc://\(name)"
    switch self {
    case .spsc: return try registry.open(uri, as: SPSCChannel<Bytes>.self, options: options)
    case .mpsc: return try registry.open(uri, as: MPSCChannel<Bytes>.self, options: options)
    case .spmc: return try registry.open(uri, as: SPMCChannel<Bytes>.self, options: options)
    case .mpmc: return try registry.open(uri, as: MPMCChannel<Bytes>.self, options: options)
    case .block, .lose, .evict:
      return try registry.open(uri, as: BroadcastChannel<Bytes>.self, options: options)
    }
  }
}

enum Role: String, CaseIterable, Sendable {
  case sender, receiver
}

/// What all messages look like: each says whose it is and which.
let pattern = Pattern(seed: 0x50_53_59_4E_45, smallest: 8, largest: 300)
