internal import PsyneCore
internal import Synchronization

/// The engines of a transport: started at first use.
final class Engines: Sendable {
  private struct State {
    var engines: [Engine] = []
    var next = 0
  }
  private let count: Int
  private let state = Mutex(State())

  init(_ count: Int) { self.count = count }

  /// Starts them, if they are not.
  func start() throws(TransportError) {
    try state.withLock { state throws(TransportError) in
      while state.engines.count < count {
        let engine = try Engine()
        try engine.start()
        state.engines.append(engine)
      }
    }
  }

  /// The one whose turn it is. They have been started.
  func next() -> Engine {
    state.withLock { state in
      state.next += 1
      return state.engines[state.next % state.engines.count]
    }
  }
}
