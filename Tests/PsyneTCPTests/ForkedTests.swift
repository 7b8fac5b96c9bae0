import Glibc
import PsyneCore
import TestSupport
import Testing

/// Children made by fork, which C code in a user's program makes.
@Suite("Forked children")
struct ForkedTests {
  /// Forks, has the child do something and end, and returns its exit status.
  private func fork(_ child: () -> Int32) throws -> Int32 {
    let symbol = unsafe try #require(unsafe dlsym(nil, "fork"))
    let fork = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    let process = fork()
    if process == 0 { _exit(child()) }
    try #require(process > 0)
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
    return status
  }

  @Test("what a child does to what it has inherited is no business of its parent's connections")
  func inherited() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0", registry: tcp)
    var connection: Connection<Numbers>? = try Connection<Numbers>(server.address, registry: tcp)
    var requests = try server.receiver()
    do {
      var sender = try connection!.sender()
      try send(0..<10, &sender)
      #expect(try receive(0..<10, &requests) == nil)
    }
    let dropped = try fork {
      connection = nil
      return 0
    }
    #expect(dropped == 0)
    let closed = try fork {
      server.close()
      return 0
    }
    #expect(closed == 0)
    let abandoned = try fork {
      connection?.abandon()
      server.abandon()
      return 0
    }
    #expect(abandoned == 0)
    #expect(connection?.state == .connected)
    var sender = try connection!.sender()
    try send(10..<500, &sender)
    #expect(try receive(10..<500, &requests) == nil)
    let another = try Connection<Numbers>(server.address, registry: tcp)
    #expect(another.state == .connected)
  }
}
