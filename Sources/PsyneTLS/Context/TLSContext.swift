internal import CPsyne
package import PsyneCore
internal import Synchronization

/// What a listener's or a connector's sessions have in common: who we are, whom we trust, and the sessions
/// that can be resumed.
///
/// - Any thread may use it.
/// - Files are read when it is made, and when it is reloaded: both block for as long as the disk does.
/// - What is reloaded is for new sessions; those that are there go on as they are.
package final class TLSContext: Sendable {
  package let role: TLSRole
  package let options: TLSOptions
  let hooks: TLSHooks
  let resumption = Resumption()
  private let state: Mutex<State>

  private struct State {
    var context: SSLContext
    var stamps: [String: FileStamp]
    /// Of a listener: when its tickets are to have a new key. On the clock that never jumps, in nanoseconds.
    var renewsAt = cpsyne_monotonic_ns() + TLSContext.ticketNanoseconds
  }
  static let ticketNanoseconds = Int64(SSLContext.ticketSeconds) * 1_000_000_000

  /// - Throws: ``TransportError`` for options that contradict each other, or a file that is missing,
  ///   unreadable, malformed, or that no key belongs to.
  package init(
    _ role: TLSRole, _ options: TLSOptions, hooks: TLSHooks = TLSHooks()
  ) throws(TransportError) {
    try options.validate(role)
    self.role = role
    self.options = options
    self.hooks = hooks
    // Before they are read: what changes meanwhile is read again.
    let stamps = Self.stamps(options)
    state = Mutex(State(context: try SSLContext(role, options, hooks), stamps: stamps))
    if role == .connector, options.verification == .insecure {
      Diagnostics.report(
        Diagnostic(
          .unverified,
          "verify=none: nobody checks who is at the other end, and whoever is in between can read and change all that is sent; set ca instead"
        ))
    }
  }

  /// Reads the files anew, for sessions that are made from now on. If that fails, all stays as it was.
  ///
  /// A listener's sessions can still be resumed, unless others are trusted now than before. A connector
  /// begins anew.
  package func reload() throws(TransportError) { try reload(renewing: false) }

  /// - Parameter renewing: whether tickets get a new key in any case.
  private func reload(renewing: Bool) throws(TransportError) {
    let stamps = Self.stamps(options)
    let newer = try SSLContext(role, options, hooks)
    state.withLock { state in
      // Else one that is not trusted any more would come back by its old session.
      if newer.trust == state.context.trust, !renewing {
        newer.adoptTicketKeys(of: state.context)
      }
      // They were made with our old certificate, and with those whom we trusted then.
      resumption.removeAll()
      (state.context, state.stamps) = (newer, stamps)
    }
  }

  /// Reloads if a file has changed, or another was put in its place, and when a listener's tickets want new
  /// keys: who gets at one reads no more than what was resumed in ``SSLContext/ticketSeconds`` by TLS 1.2.
  /// Costs a system call for each file.
  ///
  /// - Parameter now: on the clock that never jumps, in nanoseconds; nil: now.
  /// - Returns: whether it has reloaded.
  @discardableResult
  package func reloadIfChanged(
    at now: Int64? = nil
  ) throws(TransportError) -> Bool {
    let now = now ?? cpsyne_monotonic_ns()
    let stamps = Self.stamps(options)
    let (isOther, isOld) = state.withLock { state in
      let isOld = role == .listener && now >= state.renewsAt
      // Also where it fails: it is not worth to be tried, and told of, again and again.
      if isOld { state.renewsAt = now + Self.ticketNanoseconds }
      return (state.stamps != stamps, isOld)
    }
    guard isOther || isOld else { return false }
    try reload(renewing: isOld)
    return true
  }

  private static func stamps(_ options: TLSOptions) -> [String: FileStamp] {
    var stamps: [String: FileStamp] = [:]
    func add(_ path: String?) {
      if let path { stamps[path] = FileStamp(path: path) }
    }
    for path in [options.certificate, options.key, options.revocations] { add(path) }
    if let path = options.authorities {
      add(path)
      // What cannot be listed is noticed when it is read.
      for file in (try? TLSFile(option: "ca", path: path).files()) ?? [] { add(file.path) }
    }
    return stamps
  }

  /// Keeps what a session can be resumed with, unless it was made with files that have since changed.
  func keep(_ resumable: ResumableSession, for server: ServerName, from context: SSLContext) {
    state.withLock { state in
      if state.context === context { resumption.put(resumable, for: server) }
    }
  }

  /// A session for one connection.
  ///
  /// - Parameter host: of a connector, whom it wants to reach: a host's name or an IP address, as it stands
  ///   in the address. ``TLSOptions/serverName`` comes first.
  /// - Throws: ``TransportError/Code/invalidOption`` for a host that is neither.
  package func session(host: String? = nil) throws(TransportError) -> TLSSession {
    var server: ServerName?
    if role == .connector {
      if let name = options.serverName {
        server = try ServerName(name, option: "servername")
      } else if let host {
        server = try ServerName(host)
      } else {
        throw TransportError(
          .invalidOption, "it is not said whom to connect to: set servername to the server's name")
      }
    }
    return try TLSSession(self, state.withLock { $0.context }, server)
  }
}
