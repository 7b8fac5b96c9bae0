import Glibc
import PsyneCore
import PsyneIPC
import TestSupport

extension Session {
  func runSystem(_ command: String, _ arguments: [String]) throws -> String {
    switch command {
    case "exit": exit(Int32(arguments.number(0)))
    case "setuid":
      guard setuid(UInt32(arguments.number(0))) == 0 else { throw SystemCallError("setuid") }
    case "umask": _ = umask(UInt32(arguments.number(0, radix: 8)))
    case "sparse": try makeSparse(arguments[0], capacity: arguments.number(1))
    case "fork": return try forkChild(arguments[0])
    case "exec":
      let names: [String] = ["sleep", "1000"]
      var words: [UnsafeMutablePointer<CChar>?] = unsafe names.map { unsafe strdup($0) } + [nil]
      unsafe execvp("sleep", &words)
      throw SystemCallError("exec")
    default: return "error unknown command \(command)"
    }
    return "ok"
  }

  /// Makes the segment of a dead process, of nothing but its header.
  private func makeSparse(_ name: String, capacity: Int) throws {
    let path = "\(directory)/psyne.\(name)"
    let shape = ChannelShape.single(capacity: capacity)
    try writeFile(path, SegmentImage.header(shape: shape))
    guard unsafe truncate(path, SegmentLayout.fileBytes(of: shape)) == 0 else {
      throw SystemCallError("truncate")
    }
  }

  /// Forks. The child lives until it is killed ("stays"), ends as a program does ("exits"), or drops
  /// what it has inherited and ends ("drops"). Answers its process id, after its end if it ends.
  private func forkChild(_ manner: String) throws -> String {
    // Swift hides the call, which C code in a user's program makes all the same.
    guard let symbol = unsafe dlsym(nil, "fork") else { return "error no fork" }
    let fork = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    let child = fork()
    guard child >= 0 else { throw SystemCallError("fork") }
    if child == 0 {
      if manner == "exits" { exit(0) }
      if manner == "drops" {
        for end in ["sender", "receiver", "channel"] { close(end) }
        _exit(0)
      }
      while true { pause() }
    }
    if manner != "stays" {
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) == -1 && errno == EINTR {}
    }
    return "\(child)"
  }
}
