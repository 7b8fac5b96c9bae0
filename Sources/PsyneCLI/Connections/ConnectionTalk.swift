internal import Psyne

/// What the tool says on standard error about its connections.
struct ConnectionTalk {
  let isQuiet: Bool
  var isVerbose = false

  /// What is worth a line to who wants to know everything.
  func tell(_ text: @autoclosure () -> String) {
    if isVerbose { Console.tell(text()) }
  }

  /// What a codec has done, a line for each direction.
  func tell(_ codec: CodecStatistics?) {
    guard isVerbose, let codec else { return }
    Console.tell(CodecReport.encoded(codec.outbound))
    Console.tell(CodecReport.decoded(codec.inbound))
  }

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
