import Foundation
import Psyne
import Synchronization

/// A server and clients that ask at the same time, each on a thread of its own.
struct SelfTest {
  static let clients = 8
  static let questions = 500

  func run(_ uri: String) throws {
    let server = try Server<FloatVector>(uri)
    // The port that was found, where the address has port 0.
    let address = server.address
    let service = Worker { try serve(server) }
    let clients = (0..<Self.clients).map { seed in
      Worker { try askAndCheck(address, seed: seed, count: Self.questions) }
    }
    for client in clients { try client.wait() }
    server.close()
    try service.wait()
    print("\(uri): \(Self.clients) clients had \(Self.questions) right answers each")
  }
}

/// A thread and how its work ended.
final class Worker: Sendable {
  private let outcome = Mutex<Result<Void, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () throws -> Void) {
    Thread.detachNewThread { [self] in
      let result = Result(catching: work)
      outcome.withLock { $0 = result }
      isDone.signal()
    }
  }

  func wait() throws {
    isDone.wait()
    try outcome.withLock { $0 }?.get()
  }
}
