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
    case "setgid":
      let group = UInt32(arguments.number(0))
      guard setgroups(0, nil) == 0, setgid(group) == 0 else {
        throw SystemCallError("setgid")
      }
    case "files":
      var limit = rlimit(
        rlim_cur: rlim_t(arguments.number(0)), rlim_max: rlim_t(arguments.number(0)))
      guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        throw SystemCallError("setrlimit")
      }
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

  /// Forks. The child lives until it is killed ("stays"), ends as a program does ("exits"), drops what
  /// it has inherited and ends ("drops"), does so when the numbers of its parent's files are other
  /// files' ("reuses"), or sends 7 through a channel of its own, "child" ("opens").
  ///
  /// Answers its process id, after its end if it ends.
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
      if manner == "reuses" { _exit(reuseFiles() ? 0 : 1) }
      if manner == "opens" { exit(sendAsChild() ? 0 : 1) }
      while true { pause() }
    }
    if manner != "stays" {
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) == -1 && errno == EINTR {}
      guard status == 0 else { return "error the child ended with \(status)" }
    }
    return "\(child)"
  }

  /// Whether what the child has inherited can be dropped without harm to its own files.
  private func reuseFiles() -> Bool {
    let files = (0..<64).map { _ in unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
    guard (try? opened().receiver()) == nil else { return false }
    for end in ["sender", "receiver", "channel"] { close(end) }
    var status = stat()
    return files.allSatisfy { unsafe $0 >= 0 && fstat($0, &status) == 0 }
  }

  private func sendAsChild() -> Bool {
    guard let own = try? registry.open("ipc://child", as: SPSCChannel<Bytes>.self),
      var end = try? own.sender()
    else { return false }
    kept.append(own)
    return (try? end.send(copying: [7, 0, 0, 0, 0, 0, 0, 0].span)) != nil
  }

  /// Bytes that are free where channels are.
  func roomLeft() throws -> String {
    var status = statvfs()
    guard unsafe statvfs(directory, &status) == 0 else { fatalError("statvfs: \(errno)") }
    return "\(status.f_bavail * status.f_frsize)"
  }
}
