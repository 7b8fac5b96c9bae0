import PsyneCore
import TestSupport
import Testing

/// Questions over one connection, which the server answers with the next number.
struct Questions: ~Copyable {
  typealias Numbers = Vector<UInt64>

  private var requests: Receiver<Numbers>
  private var replies: ServerSender<Numbers>
  private var sender: Sender<Numbers>
  private var answers: Receiver<Numbers>

  init(_ server: Server<Numbers>, _ connection: Connection<Numbers>) throws {
    let requests = try server.receiver()
    let sender = try connection.sender()
    let answers = try connection.receiver()
    self.requests = requests
    replies = server.sender()
    self.sender = sender
    self.answers = answers
  }

  mutating func ask(_ number: UInt64) throws {
    var loan = try sender.reserve(count: 3)
    loan[0] = number
    loan.send()
    let peer = try #require(try requests.receive(timeout: watchdog)?.peer)
    try replies.to(peer) { replies in
      var loan = try replies.reserve(count: 1)
      loan[0] = number + 1
      loan.send()
    }
    #expect(try answers.receive(timeout: watchdog)?[0] == number + 1)
  }
}
