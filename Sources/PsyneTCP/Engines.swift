internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// The engines of a transport: started at first use, in a child made by fork anew.
final class Engines: Sendable {
  private let own: PerProcess<EngineGroup>

  init(_ count: Int) { own = PerProcess { EngineGroup(count) } }

  /// Starts them, if they are not.
  func start() throws(TransportError) { try own.object.start() }

  /// The one whose turn it is.
  func next() throws(TransportError) -> Engine { try own.object.next() }

  /// One for those alone who are not connected yet.
  func entrance() throws(TransportError) -> Engine { try own.object.entrance() }
}

/// Those of one process.
private final class EngineGroup: Sendable {
  private struct State {
    var engines: [Engine] = []
    var next = 0
    var entrance: Engine?
  }
  private let count: Int
  private let state = Mutex(State())

  init(_ count: Int) { self.count = count }

  func start() throws(TransportError) {
    try state.withLock { state throws(TransportError) in
      while state.engines.count < count { state.engines.append(try makeEngine()) }
    }
  }

  private func makeEngine() throws(TransportError) -> Engine {
    let engine = try Engine()
    try engine.start()
    OpenEngines.add(engine)
    return engine
  }

  func entrance() throws(TransportError) -> Engine {
    try state.withLock { state throws(TransportError) in
      if let entrance = state.entrance { return entrance }
      let engine = try makeEngine()
      state.entrance = engine
      return engine
    }
  }

  func next() throws(TransportError) -> Engine {
    try start()
    return state.withLock { state in
      state.next += 1
      return state.engines[state.next % state.engines.count]
    }
  }
}

/// The engines whose connections are to be closed in order when the process ends normally, since global
/// variables are never deinitialised.
private enum OpenEngines {
  /// A child made by fork has none but those that it has started: of its parent's it has neither the
  /// threads nor the sockets.
  private static let list = PerProcess { EngineList() }

  private static let closesAtExit: Void = {
    atexit { OpenEngines.close() }
  }()

  static func add(_ engine: Engine) {
    _ = closesAtExit
    list.object.engines.withLock { $0.append(engine) }
  }

  /// Waits until what was sent has arrived, each connection for as long as its `linger` says.
  private static func close() {
    let connections = list.object.engines.withLock { $0 }.flatMap(\.connections)
    for connection in connections { connection.close() }
    let longest = connections.map(\.linger.nanoseconds).max() ?? 0
    // A little longer: the engine's thread may be the one that ends the process.
    let deadline = cpsyne_monotonic_ns() + longest + 100_000_000
    for connection in connections { connection.hasEnded.wait(until: deadline) }
  }
}

private final class EngineList: Sendable {
  let engines = Mutex<[Engine]>([])
}
