import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("What killed clients leave behind")
struct LeftoverTests {
  enum Sweeper: CaseIterable { case listener, connector }

  @Test("goes when somebody listens or connects; what lives stays", arguments: Sweeper.allCases)
  func sweep(_ sweeper: Sweeper) throws {
    let place = try Place()
    let living = Announced.random()
    let holder = try place.holder(of: living, "swept")
    let half = Announced.random().channel("down", of: "swept")
    let killed = [
      try place.holder(of: .random(), "swept"), try place.holder(of: .random(), "swept"),
      try place.peer("keep \(half)"),
      // None of them is a connection's to this listener.
      try place.peer("keep swept.other", "keep other"),
      try place.holder(of: .random(), "swept.other"),
    ]
    let foreign = Announced.random().channel("up", of: "swept")
    try writeFile(place.path(foreign), Array("not ours".utf8))
    for peer in killed { peer.kill() }
    #expect(place.connections(to: "swept").count == 4 + 4 + 4 + 1 + 1 + 4 + 1)
    var server: Server<Bytes>?
    switch sweeper {
    case .listener: server = try place.server("swept")
    case .connector:
      let error = transportError { () throws(TransportError) in
        _ = try place.connect("swept", "connecttimeout=1ms")
      }
      #expect(error?.code == .notFound)
    }
    let left = place.connections(to: "swept")
    let expected = Announced.suffixes.map { "psyne." + living.channel($0, of: "swept") }
    #expect(Set(left).isSuperset(of: expected + ["psyne.swept.other", "psyne.\(foreign)"]))
    #expect(left.count == 4 + 1 + 1 + 4)
    #expect(place.directory.segments.contains("psyne.other"))
    holder.kill()
    server?.close()
    server = try place.server("swept")
    #expect(place.connections(to: "swept").count == 1 + 1 + 4)
  }

  @Test("is swept while others connect, who lose nothing of theirs")
  func whileConnecting() throws {
    let (clients, rounds) = (4, isVerifying ? 500 : 25)
    let place = try Place()
    try serveAndAsk(place, clients, rounds)
    try eventually("nothing is left") { place.connections(to: "busy").isEmpty }
  }

  private func serveAndAsk(_ place: Place, _ clients: Int, _ rounds: Int) throws {
    let server = try place.server("busy")
    let serving = BackgroundThread {
      var receiver = try server.receiver()
      var replies = server.sender()
      for _ in 0..<clients * rounds {
        guard let message = try receiver.receive() else { return false }
        let byte = message[0]
        try replies.to(message.peer) { try $0.send(copying: [byte, byte].span) }
      }
      return true
    }
    // Each who connects sweeps.
    let asking = (0..<clients).map { client in
      BackgroundThread {
        for round in 0..<rounds {
          let connection = try place.connect("busy")
          var sender = try connection.sender()
          var receiver = try connection.receiver()
          try sender.send(copying: [UInt8(truncatingIfNeeded: round)].span)
          let answer = try receiver.receive(timeout: watchdog)?[1]
          guard answer == UInt8(truncatingIfNeeded: round) else { return false }
        }
        return true
      }
    }
    for thread in asking { #expect(try thread.join()) }
    #expect(try serving.join())
  }
}
