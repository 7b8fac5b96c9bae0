import Glibc
import TestSupport

/// A victim as its controller sees it.
final class VictimProcess {
  let process: Int32
  private var hasEnded = false

  init(_ arguments: [String]) throws {
    let program = "/proc/self/exe"
    let all = [program, "victim"] + arguments
    var words: [UnsafeMutablePointer<CChar>?] = unsafe all.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let result = unsafe posix_spawn(&process, program, nil, nil, &words, environ)
    guard result == 0 else {
      errno = result
      throw SystemCallError("posix_spawn")
    }
    self.process = process
  }

  deinit { kill() }

  enum State: Equatable {
    case running, stopped
    case exited(Int32)
  }

  func state() -> State {
    var status: Int32 = 0
    guard unsafe waitpid(process, &status, WNOHANG | WUNTRACED) == process else { return .running }
    if status & 0xFF == 0x7F { return .stopped }
    hasEnded = true
    return .exited(status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F))
  }

  func goOn() { _ = Glibc.kill(process, SIGCONT) }

  /// Kills it and waits for its end.
  func kill() {
    guard !hasEnded else { return }
    hasEnded = true
    _ = Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
  }
}
