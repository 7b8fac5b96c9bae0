internal import Psyne

/// What the tool says on standard error about its connections.
struct ConnectionTalk {
  let isQuiet: Bool

  /// One line for each interruption, and what became of it.
  func tell(_ event: ConnectionEvent, of peer: String) {
    guard !isQuiet else { return }
    switch event {
    case .interrupted(let reason):
      Console.tell("the connection with \(peer) is interrupted, and waited for: \(reason)")
    case .resumed: Console.tell("the connection with \(peer) goes on")
    case .restarted: Console.tell("the other side at \(peer) was started again")
    case .failed(let failure): Console.tell("the connection with \(peer) has failed: \(failure)")
    case .connected, .closed: break
    }
  }

  /// Where a port was found, nobody can connect who is not told: quiet or not.
  static func tellPlace(_ address: String) { Console.tell("listening at \(address)") }

  /// What that line begins with where no terminal is.
  static let place = "psyne: listening at "
}
