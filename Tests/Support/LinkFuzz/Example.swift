internal import PsyneCore

extension LinkFuzz {
  /// What a connector of `FloatVector` says that sends 1.5 and -2: the example of the protocol's
  /// specification.
  public static func example() throws -> [UInt8] {
    let format = MessageFormat(FloatVector.self)
    let capacity = 1 << 20
    let (there, back) = (Lanes(format, capacity: capacity), Lanes(format, capacity: capacity))
    let terms = LinkTerms(
      format: format, capacity: capacity, largestMessage: capacity, keepAlive: 5000)
    let session = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210) as (UInt64, UInt64)
    let link = try Link(
      .connector, terms, session: LinkID(low: session.0, high: session.1), incarnation: .none,
      inbound: back.lanes, outbound: there.lanes)
    var sender = try there.channel(FloatVector.self).sender()
    link.connect(now: 0)
    let answer = WireHello(
      role: 2, type: 1, elementSize: 4, alignment: 4, isFixedSize: false, attempt: 1,
      capacity: capacity, session: session, incarnation: (1, 2), positions: [0, 0, 0, 0, 0]
    ).bytes
    _ = try unsafe link.receive(now: 0) { _, room in
      unsafe room.copyBytes(from: answer)
      return answer.count
    }
    var loan = try sender.reserve(count: 2)
    loan[0] = 1.5
    loan[1] = -2
    loan.send()
    var bytes: [UInt8] = []
    _ = unsafe link.send(now: 0) { head, body in
      unsafe bytes += head
      unsafe bytes += body
      return head.count + body.count
    }
    return bytes
  }
}
