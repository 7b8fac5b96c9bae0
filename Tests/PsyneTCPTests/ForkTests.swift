import Glibc
import PsyneCore
import PsyneTCP
import TestSupport
import Testing

@Suite("Processes that fork")
struct ForkTests {
  @Test("a child listens and connects, and what it has sent arrives when it ends")
  func child() async {
    await #expect(processExitsWith: .success) {
      let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
      let connection = try Connection<Numbers>(server.address, registry: tcp)
      var sender = try connection.sender()
      var receiver = try server.receiver()
      try send(0..<10, &sender)
      try #require(try receive(0..<10, &receiver) == nil)
      let child = try forkProcess()
      if child == 0 {
        // Ended by the system where it hangs.
        alarm(UInt32(watchdog.components.seconds))
        exit((try? ForkTests.serveAndSend(server.address)) == nil ? 1 : 0)
      }
      try #require(try receive(10..<200, &receiver) == nil)
      try #require(wait(for: child) == 0)
      // The parent's goes on.
      try send(200..<300, &sender)
      try #require(try receive(200..<300, &receiver) == nil)
    }
  }

  private static func serveAndSend(_ address: String) throws {
    let own = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    let connection = try Connection<Numbers>(own.address, registry: tcp)
    var sender = try connection.sender()
    var receiver = try own.receiver()
    try send(0..<100, &sender)
    guard try receive(0..<100, &receiver) == nil else { throw TimedOut("it is right") }
    let toParent = try Connection<Numbers>(address, registry: tcp)
    var answers = try toParent.sender()
    try send(10..<200, &answers)
  }

  @Test("what a child inherits does nothing to files of its own")
  func inherited() async {
    await #expect(processExitsWith: .success) {
      let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
      let connection = try Connection<Numbers>(server.address, registry: tcp)
      var receiver = try server.receiver()
      var sender = try connection.sender()
      let child = try forkProcess()
      if child == 0 {
        let files = (0..<64).map { _ in unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
        connection.abandon()
        server.close()
        var status = stat()
        exit(files.allSatisfy { unsafe $0 >= 0 && fstat($0, &status) == 0 } ? 0 : 1)
      }
      try #require(wait(for: child) == 0)
      try send(0..<10, &sender)
      try #require(try receive(0..<10, &receiver) == nil)
      let other = try Connection<Numbers>(server.address, registry: tcp)
      try #require(other.state == .connected)
    }
  }
}

/// Swift hides the call, which C code in a user's program makes all the same.
private func forkProcess() throws -> pid_t {
  let symbol = unsafe dlsym(nil, "fork")
  guard let symbol = unsafe symbol else { throw SystemCallError("dlsym") }
  let child = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)()
  guard child >= 0 else { throw SystemCallError("fork") }
  return child
}

private func wait(for child: pid_t) -> Int32 {
  var status: Int32 = 0
  while unsafe waitpid(child, &status, 0) == -1 && errno == EINTR {}
  return status
}
