internal import Synchronization

/// The newest session of each server. One is used once, as RFC 8446 (C.4) advises: nobody who listens can
/// tell which connections belong together, and no two threads use it. The connection that resumes it gets
/// the next.
final class Resumption: Sendable {
  private let sessions = Mutex<[ServerName: ResumableSession]>([:])
  /// A connector reaches few servers by one context; more are not remembered.
  private static let limit = 64

  func put(_ session: ResumableSession, for server: ServerName) {
    sessions.withLock { sessions in
      if sessions[server] == nil, sessions.count >= Self.limit { _ = sessions.popFirst() }
      sessions[server] = session
    }
  }

  func take(for server: ServerName) -> ResumableSession? {
    sessions.withLock { $0.removeValue(forKey: server) }
  }

  func removeAll() { sessions.withLock { $0 = [:] } }
}
