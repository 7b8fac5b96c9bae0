import Glibc
import TestSupport

struct ToolFailure: Error { let status: Int32 }

/// Starts a program of PATH, with these files as its standard input, output and error.
func start(
  _ arguments: [String], input: Int32, output: Int32, errors: Int32
) throws -> pid_t {
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
  unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
  unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
  var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
  defer { unsafe pointers.forEach { unsafe free($0) } }
  var process: pid_t = 0
  let number = unsafe posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
  guard number == 0 else { throw ToolFailure(status: number) }
  return process
}

/// Runs a program of PATH to its end, which has to be a good one.
func run(_ arguments: String...) throws {
  let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
  defer { close(null) }
  let process = try start(arguments, input: null, output: null, errors: null)
  var status: Int32 = 0
  while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
  guard status == 0 else { throw ToolFailure(status: status) }
}

/// A program of PATH, with its input and what it has said.
final class Program {
  private let process: pid_t
  /// Its number may be another's then.
  private var hasEnded = false
  private var input: Int32
  private let output: Int32
  private(set) var bytes: [UInt8] = []

  /// - Parameter hearsErrors: whether what it says on its standard error is heard too.
  init(_ arguments: [String], hearsErrors: Bool = true) throws {
    var (toIt, fromIt): ([Int32], [Int32]) = ([0, 0], [0, 0])
    // Closed on exec from the start: another program that inherits them would hide this one's end.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &toIt) == 0,
      unsafe socketpair(AF_UNIX, kind, 0, &fromIt) == 0
    else { throw SystemCallError("socketpair") }
    _ = fcntl(fromIt[0], F_SETFL, O_NONBLOCK)
    let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    process = try start(
      arguments, input: toIt[0], output: fromIt[1], errors: hearsErrors ? fromIt[1] : null)
    close(toIt[0])
    close(fromIt[1])
    (input, output) = (toIt[1], fromIt[0])
  }

  deinit {
    endInput()
    close(output)
  }

  func say(_ text: String) throws {
    guard unsafe write(input, text, text.utf8.count) == text.utf8.count else {
      throw SystemCallError("write")
    }
  }

  /// From a thread of its own: it may not take all before we have heard some of what it says.
  func sayAll(_ bytes: [UInt8]) {
    let input = input
    _ = BackgroundThread {
      var sent = 0
      while sent < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { bytes in
          let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
          return unsafe send(input, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw SystemCallError("send") }
        sent += count
      }
    }
  }

  func endInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// All that it has said so far.
  func heard() -> String {
    hear()
    return String(decoding: bytes, as: UTF8.self)
  }

  @discardableResult
  func hear() -> Int {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe read(output, &buffer, buffer.count)
    if count > 0 { bytes += buffer.prefix(count) }
    return bytes.count
  }

  /// Waits until it ends, which has to be a good end.
  func finish() throws {
    guard !hasEnded else { return }
    hasEnded = true
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw ToolFailure(status: status) }
  }

  func stop() {
    signal(SIGKILL)
    try? finish()
  }

  func signal(_ number: Int32) {
    if !hasEnded { kill(process, number) }
  }
}
