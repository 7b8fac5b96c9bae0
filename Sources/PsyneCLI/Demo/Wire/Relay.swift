internal import Glibc
internal import Psyne

/// A slow wire on loopback: who connects to it reaches a port of this machine, with so many bits a second each
/// way. It needs no rights.
final class Relay: Sendable {
  /// Where it is reached, at 127.0.0.1.
  let port: UInt16
  private let listener: RelaySocket

  /// - Parameter target: the port at 127.0.0.1 that is reached through it.
  init(to target: UInt16, bitsPerSecond: Int, clock: WireClock = .system) throws(Failure) {
    let listener = try RelaySocket.listening()
    self.listener = listener
    port = listener.port
    try Self.start { Self.accept(listener, target, Pace(bitsPerSecond: bitsPerSecond), clock) }
  }

  /// Lets nobody connect any more. Connections that are there end when their ends end them.
  func close() { listener.shut() }

  deinit { close() }

  private static func accept(
    _ listener: RelaySocket, _ target: UInt16, _ pace: Pace, _ clock: WireClock
  ) {
    while let near = listener.accept() {
      guard let far = RelaySocket.connected(to: target) else { continue }
      do {
        try start { carry(from: near, to: far, pace, clock) }
        try start { carry(from: far, to: near, pace, clock) }
      } catch {
        near.shut()
        far.shut()
      }
    }
  }

  /// Carries one way, until that ends.
  private static func carry(
    from source: RelaySocket, to target: RelaySocket, _ pace: Pace, _ clock: WireClock
  ) {
    var pace = pace
    var piece = [UInt8](repeating: 0, count: pace.piece)
    while let arrival = source.read(into: &piece) {
      clock.sleep(pace.pass(arrival.count, at: clock.now(), wereReady: arrival.wasReady))
      guard target.write(piece, count: arrival.count) else {
        source.shut()
        break
      }
    }
    target.end()
  }

  private static func start(_ body: @escaping @Sendable () -> Void) throws(Failure) {
    guard startServiceThread("demo wire", body) else {
      throw Failure(.failure, "no thread can be started for the wire")
    }
  }
}
