import PsyneCore
import PsyneIPC
import Synchronization
import TestSupport
import Testing

@Suite("Announcements of nobody")
struct PhantomTests {
  enum Author: CaseIterable {
    /// Nobody has made the channels.
    case none
    /// Who has made them was killed.
    case dead
    /// It has made them, and holds one end, or none, of the two by which it would be noticed to go.
    case withoutEnds, withoutAnswers, withoutLife
  }

  @Test("are not accepted, and make no files", arguments: Author.allCases)
  func nobody(_ author: Author) throws {
    let log = DiagnosticLog.shared
    let name = "phantom-\(author)"
    let place = try Place()
    let server = try place.server(name)
    let events = Atomic<Int>(0)
    server.onEvent { _, _ in events.add(1, ordering: .relaxed) }
    let announced = Announced.random()
    let made = try Made(place, name, announced, author)
    let before = place.directory.segments
    try place.announce(announced, to: name)
    #expect(server.peers.isEmpty)
    #expect(events.load(ordering: .relaxed) == 0)
    if author == .none || author == .dead {
      #expect(place.connections(to: name) == [])
    } else {
      #expect(place.directory.segments == before)
    }
    #expect(!log.messages(.refused, mentioning: name).isEmpty)
    // And it serves others.
    let connection = try place.connect(name)
    #expect(connection.state == .connected)
    #expect(server.peers.count == 1)
    withExtendedLifetime(made) {}
  }

  @Test("of somebody who is there are answered, and it is noticed to go")
  func somebody() throws {
    let place = try Place()
    let server = try place.server("somebody")
    let announced = Announced.random()
    let life = try place.notice(announced.channel("life", of: "somebody"))
    let answers = try place.notice(announced.channel("answer", of: "somebody"))
    let up = try place.open(announced.channel("up", of: "somebody"), capacity: 16 << 10)
    let down = try place.open(announced.channel("down", of: "somebody"), capacity: 16 << 10)
    do {
      let end = try life.sender()
      var receiver = try answers.receiver()
      try place.announce(announced, to: "somebody")
      let answer = try receiver.receive(timeout: watchdog)?.string
      #expect(answer == "")
      #expect(server.peers.map(\.state) == [.connected])
      _ = consume end
    }
    try eventually("it is noticed") { server.peers.allSatisfy { $0.state == .closed } }
    _ = (up, down)
  }

  @Test("of somebody whom no answer reaches end in nothing, and are reported")
  func unanswerable() throws {
    let log = DiagnosticLog.shared
    let place = try Place()
    let server = try place.server("deaf")
    let announced = Announced.random()
    let life = try place.notice(announced.channel("life", of: "deaf"))
    let answers = try place.notice(announced.channel("answer", of: "deaf"))
    let up = try place.open(announced.channel("up", of: "deaf"), capacity: 16 << 10)
    let down = try place.open(announced.channel("down", of: "deaf"), capacity: 16 << 10)
    let end = try life.sender()
    let receiver = try answers.receiver()
    do {
      // What is not read leaves no room for an answer.
      var sender = try answers.sender()
      while try sender.tryReserve(count: 0)?.send() != nil {}
    }
    try place.announce(announced, to: "deaf")
    #expect(server.peers.allSatisfy { $0.state == .closed })
    #expect(!log.messages(.refused, mentioning: "deaf").isEmpty)
    _ = (up, down)
    _ = consume end
    _ = consume receiver
  }

  /// What there is of an announcement's author.
  private final class Made: Sendable {
    let channels: [SPSCChannel<Text>]
    let lanes: [SPSCChannel<Bytes>]
    let sender: Mutex<Sender<Text>?>
    let receiver: Mutex<Receiver<Text>?>

    init(_ place: Place, _ name: String, _ announced: Announced, _ author: Author) throws {
      if author == .dead { try place.holder(of: announced, name).kill() }
      let isThere = author != .none && author != .dead
      channels = try (isThere ? ["life", "answer"] : []).map {
        try place.notice(announced.channel($0, of: name))
      }
      lanes = try (isThere ? ["up", "down"] : []).map {
        try place.open(announced.channel($0, of: name), capacity: 16 << 10)
      }
      if author == .withoutAnswers {
        sender = Mutex(try channels[0].sender())
      } else {
        sender = Mutex(nil)
      }
      if author == .withoutLife {
        receiver = Mutex(try channels[1].receiver())
      } else {
        receiver = Mutex(nil)
      }
    }
  }
}
