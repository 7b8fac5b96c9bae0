import PsyneCore
import TestSupport

/// Uses a channel whose memory somebody else is writing nonsense to, until the scoreboard says stop.
/// Every error is fine; a crash or a hang is not.
struct Victim {
  private let registry: TransportRegistry
  private let board: Scoreboard

  /// Aligned as far as the library allows, so that a misplaced one would be noticed.
  struct Wide: FixedSizeMessage {
    static let messageType: MessageType = 1001
    var a: SIMD4<Float>
    var b: SIMD4<Float>
  }

  init(_ registry: TransportRegistry, _ board: Scoreboard) {
    self.registry = registry
    self.board = board
  }

  func run(_ role: Role, _ body: String, _ kind: ChannelKind?) throws -> String {
    switch (body, kind) {
    case ("matrix", _):
      return try work(
        role, open(SPSCChannel<DoubleMatrix>.self),
        send: { end throws(ChannelError) in
          var loan = try end.reserve(rows: 3, columns: 4, timeout: .zero)
          loan[2, 3] = 1
          loan.send()
        },
        read: {
          $0.count == 0 ? 0 : Int(truncatingIfNeeded: $0[$0.rows - 1, $0.columns - 1].bitPattern)
        })
    case ("wide", _):
      return try work(
        role, open(SPSCChannel<Wide>.self),
        send: { end throws(ChannelError) in
          try end.send(Wide(a: .one, b: .zero), timeout: .zero)
        },
        read: { Int(truncatingIfNeeded: $0.value.a[0].bitPattern &+ $0.value.b[3].bitPattern) })
    case (_, .mpsc): return try bytes(role, open(MPSCChannel<Bytes>.self))
    case (_, .spmc): return try bytes(role, open(SPMCChannel<Bytes>.self))
    case (_, .mpmc): return try bytes(role, open(MPMCChannel<Bytes>.self))
    case (_, .broadcast): return try bytes(role, open(BroadcastChannel<Bytes>.self))
    default: return try bytes(role, open(SPSCChannel<Bytes>.self))
    }
  }

  private func open<Opened: Channel>(_ channel: Opened.Type) throws -> Opened {
    let shape = ChannelShape.several(Opened.kind, capacity: 4096)
    return try registry.open(
      "ipc://victim", as: channel,
      options: ChannelOptions(
        capacity: .bytes(shape.capacity), producers: shape.producers, consumers: shape.consumers,
        slow: .lose))
  }

  private func bytes<Opened: Channel>(
    _ role: Role, _ channel: Opened
  ) throws -> String where Opened.Body == Bytes {
    try work(
      role, channel,
      send: { end throws(ChannelError) in try end.send(copying: [1, 2, 3].span, timeout: .zero) },
      read: { $0.elements.indices.reduce(0) { $0 &+ $1 } })
  }

  private func work<Opened: Channel>(
    _ role: Role, _ channel: Opened,
    send: (inout Sender<Opened.Body>) throws(ChannelError) -> Void,
    read: (borrowing Message<Opened.Body>) -> Int
  ) throws -> String {
    var sum = 0
    while board[.stop] == 0 {
      do throws(TransportError) {
        switch role {
        case .sender: attempt(try channel.sender(), send)
        case .receiver: sum &+= attempt(try channel.receiver(), read)
        }
      } catch {
        // Impossible positions at the moment of claiming.
        board.add(.errors)
      }
      board.add(.operations)
    }
    return "ok \(sum & 1)"
  }

  private func attempt<Body: MessageBody>(
    _ end: consuming Sender<Body>, _ send: (inout Sender<Body>) throws(ChannelError) -> Void
  ) {
    var end = end
    for _ in 0..<100 {
      do throws(ChannelError) {
        try send(&end)
      } catch .timedOut {
      } catch {
        board.add(.errors)
        return
      }
    }
  }

  private func attempt<Body: MessageBody>(
    _ end: consuming Receiver<Body>, _ read: (borrowing Message<Body>) -> Int
  ) -> Int {
    var end = end
    var sum = 0
    for turn in 0..<100 {
      do throws(ChannelError) {
        // Sometimes asleep, so that the words of the sleeping are met too.
        let message = try end.receive(timeout: turn % 50 == 49 ? .microseconds(50) : .zero)
        if let message { sum &+= read(message) }
      } catch .timedOut {
      } catch {
        board.add(.errors)
        return sum
      }
    }
    return sum
  }
}
