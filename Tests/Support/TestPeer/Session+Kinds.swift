import PsyneCore
import PsyneIPC
import TestSupport
import Traffic

extension TrafficShape {
  /// KIND PRODUCERS CONSUMERS
  init(_ arguments: ArraySlice<String>) {
    let numbers = arguments.map { [$0].number(0) }
    guard let kind = ChannelKind(rawValue: UInt32(numbers[0])) else {
      fatalError("there is no kind \(numbers[0])")
    }
    self.init(kind, numbers[1], numbers[2])
  }
}

extension Session {
  /// NAME KIND PRODUCERS CONSUMERS CAPACITY [block|lose|evict]
  func openKind(_ arguments: [String]) throws -> any Channel<Bytes> {
    try TrafficShape(arguments[1...3]).open(
      "ipc://\(arguments[0])", of: Bytes.self, in: registry,
      options: ChannelOptions(
        capacity: .bytes(arguments.number(4)),
        slow: arguments.count > 5 ? SlowReaderPolicy(rawValue: arguments[5]) : nil))
  }

  /// NAME: what can be seen of a channel by who has no part in it.
  func statistics(_ name: String) throws -> String {
    let seen = try IPCTransport(directory: directory).report(on: "ipc://\(name)").statistics
    return [
      seen.messages, seen.bytes, seen.unreadBytes, seen.fullWaits, seen.emptyWaits, seen.drops,
      seen.redeliveries, seen.lost, seen.highWaterMark,
    ].map(String.init).joined(separator: " ")
  }
}

/// An end that moves a given number of messages.
protocol TrafficEnd {
  func run(_ count: Int) throws -> String
}

final class TrafficSender<Sent: Cargo>: TrafficEnd {
  private var sender: Sender<Sent.Body>?
  private let index: Int

  init(_ sender: consuming Sender<Sent.Body>, _ index: Int) {
    self.sender = consume sender
    self.index = index
  }

  func run(_ count: Int) throws -> String {
    guard var sender = sender.take() else { fatalError("it has run before") }
    try Sent.send(upTo: count, of: index, to: &sender)
    return "ok"
  }
}

final class TrafficReceiver<Sent: Cargo>: TrafficEnd {
  private var receiver: Receiver<Sent.Body>?
  private let index: Int
  private let producers: Int

  init(_ receiver: consuming Receiver<Sent.Body>, _ index: Int, producers: Int) {
    self.receiver = consume receiver
    self.index = index
    self.producers = producers
  }

  func run(_ count: Int) throws -> String {
    guard var receiver = receiver.take() else { fatalError("it has run before") }
    return try Sent.receive(
      from: &receiver, producers: producers, as: ReceiveStyle(ofReceiver: index)
    ).text
  }
}

extension Session {
  /// sender|receiver NAME KIND PRODUCERS CONSUMERS INDEX items|bytes|mixed [block|lose|evict]
  func claimTraffic(_ arguments: [String]) throws -> any TrafficEnd {
    switch arguments[6] {
    case "items": try claimTraffic(ItemCargo.self, arguments)
    case "bytes": try claimTraffic(BytesCargo.self, arguments)
    default: try claimTraffic(MixedCargo.self, arguments)
    }
  }

  private func claimTraffic<Sent: Cargo>(
    _ cargo: Sent.Type, _ arguments: [String]
  ) throws -> any TrafficEnd {
    let channel = try TrafficShape(arguments[2...4]).open(
      "ipc://\(arguments[1])", of: Sent.Body.self, in: registry,
      options: ChannelOptions(
        capacity: .bytes(BytesCargo.capacity),
        slow: arguments.count > 7 ? SlowReaderPolicy(rawValue: arguments[7]) : nil))
    let index = arguments.number(5)
    switch arguments.role() {
    case .sender: return TrafficSender<Sent>(try channel.sender(), index)
    case .receiver:
      return TrafficReceiver<Sent>(
        try channel.receiver(), index, producers: channel.producers)
    }
  }
}
