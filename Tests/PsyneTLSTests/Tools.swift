import Glibc
import Testing

struct ToolFailure: Error { let status: Int32 }

/// Starts a program of PATH, with these files as its standard input and output.
func start(_ arguments: [String], input: Int32, output: Int32) throws -> pid_t {
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
  unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
  unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
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
  let process = try start(arguments, input: null, output: null)
  var status: Int32 = 0
  while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
  guard status == 0 else { throw ToolFailure(status: status) }
}
