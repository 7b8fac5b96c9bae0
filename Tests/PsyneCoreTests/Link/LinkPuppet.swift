@testable import PsyneCore

/// An honest listener's link, and another side that says whatever a test likes.
final class LinkPuppet {
  static let capacity = 4096
  static let terms = LinkTerms(
    format: MessageFormat(Bytes.self), capacity: capacity, largestMessage: capacity - 8,
    keepAlive: 1000)
  static let session = LinkID(low: 1, high: 2)
  static let incarnation = LinkID(low: 3, high: 4)

  let link: Link
  let outbound: SPSCChannel<Bytes>
  let inbound: SPSCChannel<Bytes>
  var now: Int64 = 0

  init(_ role: Hello.Role = .listener, terms: LinkTerms = terms) throws {
    outbound = try makeChannel(capacity: .bytes(terms.capacity))
    inbound = try makeChannel(capacity: .bytes(terms.capacity))
    link = try Link(
      role, terms, session: Self.session, incarnation: role == .listener ? Self.incarnation : .none,
      inbound: inbound.lanes, outbound: outbound.lanes)
  }

  /// What an honest other side says first.
  static func hello(_ role: Hello.Role = .connector, terms: LinkTerms = terms) -> Hello {
    var hello = Hello(
      role: role, terms: terms, session: session,
      incarnation: role == .listener ? incarnation : .none)
    hello.attempt = 1
    return hello
  }

  /// The link has met its other side, and has said so.
  static func established(terms: LinkTerms = terms) throws -> LinkPuppet {
    let puppet = try LinkPuppet(terms: terms)
    _ = try puppet.link.accept(hello(terms: terms), now: 0)
    _ = puppet.said()
    return puppet
  }

  /// Has the link hear `bytes`, at most `piece` of them at a time.
  func hear(_ bytes: [UInt8], piece: Int = .max) throws(LinkError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try unsafe link.receive(now: now) { direct, staging in
        let first = rest.prefix(min(piece, direct.count))
        unsafe direct.copyBytes(from: first)
        guard first.count == direct.count else { return first.count }
        let second = rest.dropFirst(first.count).prefix(min(piece - first.count, staging.count))
        unsafe staging.copyBytes(from: second)
        return first.count + second.count
      }
      rest = rest.dropFirst(count)
      if count == 0 { throw LinkError(.other, "the link takes nothing") }
    }
  }

  func hear(_ block: Block, _ body: [UInt8] = []) throws(LinkError) {
    try hear(block.encoded + body)
  }

  /// Everything that the link has to say now.
  func said(leaving: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    _ = unsafe link.send(now: now, leaving: leaving) { head, rest in
      unsafe bytes.append(contentsOf: head)
      unsafe bytes.append(contentsOf: rest)
      return head.count + rest.count
    }
    return bytes
  }

  /// What is in the outbound lane.
  func send(count: Int) throws {
    var sender = try outbound.sender()
    try sender.reserve(count: count, timeout: .zero).send()
  }

  /// Counts of the messages that have come.
  func receive() throws -> [Int] {
    var counts: [Int] = []
    var receiver = try inbound.receiver()
    while let message = try? receiver.tryReceive() { counts.append(message.count) }
    return counts
  }
}

extension Block {
  var encoded: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.bytes) { buffer, count in
      unsafe encode(to: UnsafeMutableRawBufferPointer(buffer))
      count = Self.bytes
    }
  }
}

extension Hello {
  var encoded: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.bytes) { buffer, count in
      unsafe encode(to: UnsafeMutableRawBufferPointer(buffer))
      count = Self.bytes
    }
  }
}

/// A message of zeros, as it lies in a lane of bytes.
func bytesFrame(count: Int, type: MessageType = .bytes) -> [UInt8] {
  let header = UInt64(count) | UInt64(type.rawValue) << 32
  return (0..<8).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) }
    + [UInt8](repeating: 0, count: (count + 7) & ~7)
}
