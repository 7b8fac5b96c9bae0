import PsyneCore
import TestSupport
import Testing

@Suite("Opening a channel as something else")
struct MismatchTests {
  struct Small: FixedSizeMessage {
    static let messageType: MessageType = 1001
    var a, b: Float
  }

  /// The same id, of another size.
  struct Larger: FixedSizeMessage {
    static let messageType: MessageType = 1001
    var a, b, c: Float
  }

  /// The same id and size, of another alignment.
  struct Wider: FixedSizeMessage {
    static let messageType: MessageType = 1001
    var a: Double
  }

  /// The same id, size and alignment as ``Small``, but any number of them.
  struct Element: MessageElement {
    static let vectorType: MessageType = 1001
    var a, b: Float
  }

  func mismatch<A: MessageBody, B: MessageBody>(_: A.Type, _: B.Type) throws -> String {
    let place = try Place()
    let held = try place.open("c", as: SPSCChannel<A>.self)
    let error = transportError { () throws(TransportError) in
      _ = try place.open("c", as: SPSCChannel<B>.self)
    }
    #expect(error?.code == .mismatch)
    // It is there as it was.
    var sender = try held.sender()
    sender.publish()
    return error?.message ?? ""
  }

  @Test("another type fails and both are described")
  func type() throws {
    let message = try mismatch(FloatVector.self, Bytes.self)
    #expect(message.contains("type 1, 4-byte elements, alignment 4"))
    #expect(message.contains("Bytes (type 10, 1-byte elements, alignment 1"))
  }

  @Test("another element size fails and both are described")
  func size() throws {
    let message = try mismatch(Small.self, Larger.self)
    #expect(message.contains("type 1001, 8-byte values, alignment 4"))
    #expect(message.contains("Larger (type 1001, 12-byte values, alignment 4"))
  }

  @Test("another alignment fails and both are described")
  func alignment() throws {
    let message = try mismatch(Small.self, Wider.self)
    #expect(message.contains("8-byte values, alignment 4"))
    #expect(message.contains("8-byte values, alignment 8"))
  }

  @Test("a vector of a struct is not the struct")
  func shape() throws {
    let message = try mismatch(Small.self, Vector<Element>.self)
    #expect(message.contains("8-byte values"))
    #expect(message.contains("8-byte elements"))
  }

  @Test("another capacity fails and both are described; none asked for takes what is there")
  func capacity() throws {
    let place = try Place()
    let held = try place.open("c", capacity: 65536)
    let error = transportError { () throws(TransportError) in
      _ = try place.open("c", capacity: 4096)
    }
    #expect(error?.code == .mismatch)
    #expect(error?.message.contains("64 KiB") == true)
    #expect(error?.message.contains("4 KiB") == true)
    #expect(try place.open("c").capacity == 65536)
    // Rounded up as for a new channel.
    #expect(try place.open("c", capacity: 40000).capacity == 65536)
    #expect(held.capacity == 65536)
  }

  @Test("a process is told the same as a thread")
  func process() throws {
    let place = try Place()
    let held = try place.open("c", as: SPSCChannel<FloatVector>.self)
    let peer = try place.peer()
    let reply = try peer.ask("open c")
    #expect(reply.hasPrefix("error mismatch"))
    #expect(reply.contains("type 1, 4-byte elements") && reply.contains("Bytes (type 10"))
    #expect(held.capacity == ChannelOptions.defaultCapacity.bytes)
  }
}
