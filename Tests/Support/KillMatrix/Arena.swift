import PsyneCore
import PsyneIPC
import Synchronization
import TestSupport

/// A channel, those who use it in this process, and those that are to die.
final class Arena {
  let setting: Setting
  let directory: TemporaryDirectory
  private let registry: TransportRegistry
  private var channel: (any Channel<Bytes>)?
  /// By their numbers.
  private(set) var senders: [Int: Ledger] = [:]
  private(set) var receivers: [Ledger] = []
  private(set) var survivors: [Role: [Ledger]] = [.sender: [], .receiver: []]
  private var threads: [(role: Role, thread: BackgroundThread<Void>)] = []
  private var ledgerCount = 0

  init(_ setting: Setting) throws {
    self.setting = setting
    directory = try TemporaryDirectory()
    registry = TransportRegistry([IPCTransport(directory: directory.path)])
  }

  func open() throws {
    if channel == nil { channel = try setting.open(registry, "c") }
  }

  private func opened() throws -> any Channel<Bytes> {
    guard let channel else { throw TimedOut("the channel is opened") }
    return channel
  }

  /// Starts a party in this process.
  @discardableResult
  func start(_ role: Role, as number: Int = 0, cycle: Int? = nil) throws -> Ledger {
    let channel = try opened()
    let ledger = try Ledger(path: nil)
    let party = Party(ledger: ledger, cycle: cycle, isPaced: true)
    switch role {
    case .sender: senders[number] = ledger
    case .receiver: receivers.append(ledger)
    }
    survivors[role, default: []].append(ledger)
    let thread = BackgroundThread {
      switch role {
      case .sender: try party.send(to: channel, as: number)
      case .receiver: try party.receive(from: channel)
      }
    }
    threads.append((role, thread))
    return ledger
  }

  /// Starts those that live on beside a victim.
  ///
  /// - Parameter areLeaving: whether senders leave and come again.
  func startSurvivors(beside victim: Role, areLeaving: Bool = false) throws {
    let senderCount =
      setting.producers - (victim == .sender ? 1 : 0) - survivors[.sender, default: []].count
    // One at most: two could change places, and with them the lanes that keep their order.
    for index in 0..<senderCount {
      try start(.sender, as: 20 + index, cycle: areLeaving && index == 0 ? 60 : nil)
    }
    let receiverCount =
      setting.consumers == 1 ? (victim == .sender ? 1 : 0) : setting.consumers - 1
    for _ in 0..<receiverCount { try start(.receiver) }
    // One that came after the last sender had left would wait for the next.
    try waitUntil("the survivors hold their ends") {
      survivors.values.joined().allSatisfy { $0[.claims] > 0 }
    }
  }

  /// Starts a process that stops itself at a step.
  func victim(
    _ role: Role, as number: Int, at step: String = "-", _ arrival: Int = 0, lives: Int = 1
  ) throws -> (process: VictimProcess, ledger: Ledger) {
    ledgerCount += 1
    let path = "\(directory.path)/ledger.\(ledgerCount)"
    let ledger = try Ledger(path: path)
    switch role {
    case .sender: senders[number] = ledger
    case .receiver: receivers.append(ledger)
    }
    let process = try VictimProcess([
      directory.path, "c", setting.rawValue, role.rawValue, path, "\(number)", step,
      "\(arrival)", "\(lives)",
    ])
    return (process, ledger)
  }

  func forget(_ number: Int) { senders[number] = nil }
}

// MARK: Looking on

extension Arena {
  /// What the survivors have received.
  var delivered: Int { survivors[.receiver, default: []].reduce(0) { $0 + $1[.delivered] } }

  /// How often the survivors were told of a death.
  var deaths: Int { survivors.values.joined().reduce(0) { $0 + $1[.died] } }

  /// How often each survivor of a role was told of a death, or has come anew since.
  func news(of role: Role) -> [Int] {
    survivors[role, default: []].map { ledger in
      ledger[.died] + ledger[.claims]
    }
  }

  func awaitNews(of role: Role, since before: [Int]) throws {
    try waitUntil("each \(role) is told of the death") {
      zip(news(of: role), before).allSatisfy { $0 > $1 }
    }
  }

  /// Waits, unless one of ours has failed meanwhile.
  func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
    try eventually(what, within: .seconds(20)) {
      for (role, thread) in threads where thread.hasEnded {
        // It throws what that one has thrown.
        try thread.join()
        guard survivors[role]?.contains(where: { $0[.stop] + $0[.last] != 0 || $0.isFull }) == true
        else { throw TimedOut("\(what): a \(role) has ended") }
      }
      return try condition()
    }
  }

  /// Whether none of the surviving receivers has an end: the last that each has noted is that it was evicted.
  var isEverybodyEvicted: Bool {
    survivors[.receiver, default: []].allSatisfy { $0.lastEntry == .evicted }
  }

  /// Ends it in order: the senders first, then the receivers when all is read.
  func finish() throws {
    // One that is evicted now must not come again: it would wait for the next sender.
    if setting.isBroadcast { for ledger in survivors[.receiver, default: []] { ledger[.last] = 1 } }
    for ledger in survivors[.sender, default: []] { ledger[.stop] = 1 }
    for (role, thread) in threads where role == .sender { try thread.join("a sender ends") }
    for ledger in survivors[.receiver, default: []] { ledger[.last] = 1 }
    for (role, thread) in threads where role == .receiver {
      try eventually("all is received, and the receivers are told", within: .seconds(20)) {
        thread.hasEnded
      }
      try thread.join()
    }
    threads = []
    channel = nil
    // A thread that has ended may hold it for a moment longer.
    try eventually("the last party removes the file", within: .seconds(20)) {
      directory.segments.isEmpty
    }
  }

  /// Ends everything after a failure.
  func giveUp() {
    for ledger in survivors.values.joined() { ledger[.stop] = 1 }
    for (_, thread) in threads { try? eventually("", within: .seconds(10)) { thread.hasEnded } }
    channel = nil
  }
}
