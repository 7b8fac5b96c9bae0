internal import Glibc
internal import Synchronization

/// How a process ended.
public enum Exit: Hashable, Sendable {
  case code(Int32)
  case signal(Int32)
}

/// Another process that does what it is told, one line at a time: the program `psyne-test-peer`.
public final class Peer: Sendable {
  public let process: Int32
  private let socket: Int32
  private let state = Mutex(State())

  private struct State {
    var pending: [UInt8] = []
    var exit: Exit?
  }

  /// A peer that has died must not take the test with it.
  private static let ignoresPipeSignal: Void = { _ = Glibc.signal(SIGPIPE, SIG_IGN) }()

  /// - Parameters:
  ///   - directory: where its channels lie.
  ///   - scoreboard: the path of a ``Scoreboard``.
  ///   - launcher: a command that runs the peer, with its arguments.
  public init(
    directory: String, scoreboard: String? = nil, launcher: [String] = []
  ) throws {
    _ = Self.ignoresPipeSignal
    let program = "\(programDirectory)/psyne-test-peer"
    let arguments = launcher + [program, directory] + (scoreboard.map { [$0] } ?? [])
    // Closed on exec from the start: another peer that inherited it would hide this one's end.
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw SystemCallError("socketpair")
    }
    defer { close(ends[1]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let result = unsafe posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
    guard result == 0 else {
      close(ends[0])
      errno = result
      throw SystemCallError("posix_spawn \(arguments[0])")
    }
    self.process = process
    socket = ends[0]
  }

  deinit {
    kill()
    close(socket)
  }
}

// MARK: Talking to it

extension Peer {
  /// Sends a command.
  public func tell(_ command: String) throws {
    let line = Array((command + "\n").utf8)
    guard unsafe write(socket, line, line.count) == line.count else {
      throw SystemCallError("write to the peer")
    }
  }

  /// Sends a command and waits for its reply.
  @discardableResult
  public func ask(_ command: String) throws -> String {
    try tell(command)
    return try reply(to: command)
  }

  /// Waits for the next line.
  public func reply(to command: String, within limit: Duration = watchdog) throws -> String {
    let giveUp = ContinuousClock.now + limit
    while true {
      if let line = nextLine() { return line }
      var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard ContinuousClock.now < giveUp else {
        kill()
        throw TimedOut("the peer answers '\(command)'")
      }
      if unsafe Glibc.poll(&poll, 1, 100) <= 0 { continue }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe read(socket, &buffer, buffer.count)
      guard count > 0 else {
        throw PeerEnded(description: "the peer ended (\(wait())) while doing '\(command)'")
      }
      state.withLock { $0.pending += buffer.prefix(count) }
    }
  }

  /// What it had answered before it ended, for which this waits.
  public func remainingReplies() -> [String] {
    var replies: [String] = []
    while let reply = try? reply(to: "what came last") { replies.append(reply) }
    return replies
  }

  private func nextLine() -> String? {
    state.withLock { state in
      guard let end = state.pending.firstIndex(of: 0x0a) else { return nil }
      defer { state.pending.removeSubrange(...end) }
      return String(decoding: state.pending[..<end], as: UTF8.self)
    }
  }

  /// Has it return from its main program.
  public func finish() throws { try tell("return") }
}

public struct PeerEnded: Error, CustomStringConvertible {
  public let description: String
}

// MARK: Its life

extension Peer {
  /// Sends a signal, and does not wait: a killed peer stays a zombie until ``wait()``.
  public func signal(_ number: Int32) {
    state.withLock { state in
      // A process id that was waited for may be another process.
      if state.exit == nil { _ = Glibc.kill(process, number) }
    }
  }

  /// Kills it and waits for its end.
  public func kill() {
    signal(SIGKILL)
    wait()
  }

  public func stop() throws {
    signal(SIGSTOP)
    try eventually("the peer stops") { try status("State").hasPrefix("T") }
  }

  public func goOn() { signal(SIGCONT) }

  /// Waits for its end.
  @discardableResult
  public func wait() -> Exit {
    state.withLock { state in
      if let exit = state.exit { return exit }
      var status: Int32 = 0
      while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
      let signal = status & 0x7f
      let exit = signal == 0 ? Exit.code(status >> 8 & 0xff) : Exit.signal(signal)
      state.exit = exit
      return exit
    }
  }

  /// A field of its /proc/PID/status.
  public func status(_ field: String) throws -> String {
    let text = try readText("/proc/\(process)/status")
    for line in text.split(separator: "\n") where line.hasPrefix(field + ":") {
      return String(line.dropFirst(field.count + 1).drop { $0 == "\t" || $0 == " " })
    }
    return ""
  }

  /// For each of its threads: how often it ran and how long, as the scheduler counts.
  public func activity() throws -> [String] {
    try listDirectory("/proc/\(process)/task").compactMap { thread in
      let folder = "/proc/\(process)/task/\(thread)"
      // The one that Swift's pool has for itself looks around now and then.
      if try readText("\(folder)/comm").contains("overcommit") { return nil }
      return try "\(thread): " + readText("\(folder)/schedstat")
    }
  }
}
