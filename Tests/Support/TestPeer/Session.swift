import Glibc
import PsyneCore
import PsyneIPC
import TestSupport

/// What the peer has open.
final class Session {
  let registry: TransportRegistry
  let directory: String
  let scoreboard: Scoreboard?
  var channel: (any Channel<Bytes>)?
  var kept: [SPSCChannel<Bytes>] = []
  var sender: Sender<Bytes>?
  var receiver: Receiver<Bytes>?
  /// Ends of kinds and cargos of which this process has several.
  var traffic: [any TrafficEnd] = []
  let crowd = Crowd()
  /// What goes on beside the commands.
  var aside: BackgroundThread<Void>?

  init(arguments: [String]) throws {
    directory = arguments[1]
    registry = TransportRegistry([IPCTransport(directory: directory)])
    scoreboard = arguments.count > 2 ? try Scoreboard(path: arguments[2]) : nil
  }

  func perform(_ words: [String]) -> String {
    do {
      return try run(words[0], Array(words.dropFirst()))
    } catch let error as TransportError {
      return "error \(error.code) \(error.message)"
    } catch {
      return "error \(name(of: error))"
    }
  }

  private func run(_ command: String, _ arguments: [String]) throws -> String {
    switch command {
    case "open": channel = try openChannel(arguments)
    case "open-as": channel = try openKind(arguments)
    case "sender": sender = try opened().sender()
    case "sender-aside":
      let channel = opened()
      aside = BackgroundThread { _ = try? channel.sender() }
    case "receiver":
      receiver = try opened().receiver(share: arguments.isEmpty ? 256 : arguments.number(0))
    case "keep": kept.append(try openChannel(arguments))
    case "room-left": return try roomLeft()
    case "names":
      return try listDirectory(directory).filter { $0.hasPrefix("psyne.") }.joined(separator: " ")
    case "close": close(arguments[0])
    case "send": return try send(arguments)
    case "receive": return try receive(arguments)
    case "send-from-many": return try sendFromMany(arguments)
    case "collect": return try collect(arguments)
    case "next": return try next(timeout(arguments[0]))
    case "room": try awaitRoom(arguments.number(0), timeout(arguments[1]))
    case "abandon": opened().abandon()
    case "race": return try race(arguments.role(), rounds: arguments.number(1))
    case "churn": return try churn(arguments.role())
    case "echo": return try echo(arguments)
    case "victim":
      return try Victim(registry, board()).run(
        arguments.role(), arguments[1], ChannelKind(rawValue: UInt32(arguments.number(2))))
    case "statistics": return try statistics(arguments[0])
    case "traffic": traffic.append(try claimTraffic(arguments))
    case "traffic-run": return try traffic.removeLast().run(arguments.number(0))
    case "crowd": try crowd.gather(arguments.number(0))
    case "crowd-send": return try crowd.serve()
    default: return try runSystem(command, arguments)
    }
    return "ok"
  }

  /// NAME [CAPACITY]
  private func openChannel(_ arguments: [String]) throws -> SPSCChannel<Bytes> {
    let capacity = arguments.count > 1 ? ByteCount.bytes(arguments.number(1)) : nil
    return try registry.open(
      "ipc://\(arguments[0])", options: ChannelOptions(capacity: capacity))
  }

  func close(_ what: String) {
    switch what {
    case "sender": sender = nil
    case "receiver": receiver = nil
    default: channel = nil
    }
  }

  func timeout(_ word: String) -> Duration? {
    word == "never" ? nil : .milliseconds([word].number(0))
  }

  /// The next message's number, or why there is none.
  private func next(_ timeout: Duration?) throws -> String {
    try withReceiver { end in
      let message = try end.receive(timeout: timeout)
      guard let message else { return "closed" }
      return "message \(Pattern.sequence(of: message.elements) ?? -1)"
    }
  }

  private func awaitRoom(_ bytes: Int, _ timeout: Duration?) throws {
    // Dropped, so nothing is sent.
    try withSender { end in _ = try end.reserve(count: bytes, timeout: timeout) }
  }

  /// An end is used from a variable of its own, which costs no access check for each message.
  func withSender<Value>(_ body: (inout Sender<Bytes>) throws -> Value) throws -> Value {
    var end = taken(&sender)
    let result = Result { try body(&end) }
    sender = consume end
    return try result.get()
  }

  func withReceiver<Value>(_ body: (inout Receiver<Bytes>) throws -> Value) throws -> Value {
    var end = taken(&receiver)
    let result = Result { try body(&end) }
    receiver = consume end
    return try result.get()
  }
}

enum Role: String {
  case sender, receiver
}

/// Writes a line at once.
func answer(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = unsafe write(1, bytes, bytes.count)
}

func name(of error: any Error) -> String {
  switch error as? ChannelError {
  case .closed: "closed"
  case .peerDied: "peerDied"
  case .timedOut: "timedOut"
  case .tooLarge: "tooLarge"
  case .lost(let count): "lost \(count)"
  case .corrupt(let what): "corrupt \(what)"
  default: "\(error)"
  }
}
