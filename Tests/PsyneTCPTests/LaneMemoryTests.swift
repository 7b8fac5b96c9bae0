import Glibc
@testable import PsyneCore
import PsyneTCP
import Testing

@Suite("The memory of connections")
struct LaneMemoryTests {
  @Test("lanes take the memory that was used of them, and not before")
  func used() throws {
    let server = try Server<Numbers>("tcp://127.0.0.1:0?capacity=1MiB", registry: tcp)
    let connection = try Connection<Numbers>("\(server.address)?capacity=1MiB", registry: tcp)
    var sender = try connection.sender()
    var answers = try connection.receiver()
    var receiver = try server.receiver()
    try send(0..<1, &sender)
    #expect(try receive(0..<1, &receiver) == nil)
    #expect(try answers.tryReceive() == nil)
    let carrier = try #require(server.hub.inbox.carriers.first?.1)
    for lanes in [
      connection.handle.carrier.outbound, connection.handle.carrier.inbound, carrier.inbound,
      carrier.outbound,
    ] {
      #expect(pages(of: lanes) <= 4)
    }
  }

  /// How many pages of a lane's data are in memory.
  private func pages(of lanes: LaneSet) -> Int {
    let bytes = lanes.shape.capacity
    var states = [UInt8](repeating: 0, count: bytes / 4096)
    let start = unsafe lanes.lanes[0].bytes(at: 0)
    guard unsafe mincore(start, bytes, &states) == 0 else { return .max }
    return states.count { $0 & 1 != 0 }
  }
}
