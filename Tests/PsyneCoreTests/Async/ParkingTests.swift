import Glibc
import PsyneCore
import Synchronization
import Testing
import Traffic

extension ReactorTests {
  /// One message goes to and fro, so that each wake-up meets the other side as it goes to sleep. Nobody
  /// can die on these channels, so no look after a peer hides a wake-up that was lost.
  @Suite("hand-offs") struct HandOffs {
    /// Who suspends, and who sleeps.
    enum Players: CaseIterable {
      case threads, threadAndTask, threadAndReactor, tasks, reactor
    }

    /// Two wake-ups each.
    private static let rounds = Volume.messages(usual: 20_000, whole: 1_000_000)

    @Test("no wake-up is lost", arguments: Players.allCases)
    func handOffs(_ players: Players) async throws {
      let registry = makeRegistry()
      let there: SPSCChannel<Item> = try registry.open("memory://there?capacity=4KiB")
      let back: SPSCChannel<Item> = try registry.open("memory://back?capacity=4KiB")
      let serves = Player(try there.heldSender(), try back.heldReceiver(waiting: .park))
      let returns = Player(try back.heldSender(), try there.heldReceiver(waiting: .park))
      let executor = players == .reactor || players == .threadAndReactor ? Reactor.shared : nil
      let thread: TestThread?
      let sleeps = sleepsOfThisProcess()
      switch players {
      case .threads:
        thread = TestThread {
          try beside {
            try returns.play(Self.rounds, serves: false)
          } _: {
            try serves.play(Self.rounds, serves: true)
          }
        }
      case .threadAndTask, .threadAndReactor:
        thread = TestThread { try serves.play(Self.rounds, serves: true) }
        try await Task(executorPreference: executor) {
          try await returns.playSuspending(Self.rounds, serves: false)
        }.value
      case .tasks, .reactor:
        thread = nil
        let task = Task(executorPreference: executor) {
          try await serves.playSuspending(Self.rounds, serves: true)
        }
        try await Task(executorPreference: executor) {
          try await returns.playSuspending(Self.rounds, serves: false)
        }.value
        try await task.value
      }
      try thread?.join()
      print("\(players): \(2 * Self.rounds) hand-offs, \(sleepsOfThisProcess() - sleeps) sleeps")
    }
  }
}

/// How often threads of this process gave up their CPU to wait.
private func sleepsOfThisProcess() -> Int {
  var usage = rusage()
  _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_nvcsw
}

/// One side of the table. A wake-up that is lost shows as a time-out.
private struct Player: Sendable {
  private let sender: Held<Sender<Item>>
  private let receiver: Held<Receiver<Item>>

  init(_ sender: Held<Sender<Item>>, _ receiver: Held<Receiver<Item>>) {
    (self.sender, self.receiver) = (sender, receiver)
  }

  func play(_ rounds: Int, serves: Bool) throws {
    var sender = sender.take()
    var receiver = receiver.take()
    for round in 0..<rounds {
      if serves { try sender.send(Item(round)) }
      guard try receiver.number() == round else { throw Wrong(message: round) }
      // So that the other side is met at every stage of going to sleep.
      dally(round % 31)
      if !serves { try sender.send(Item(round)) }
    }
  }

  func playSuspending(_ rounds: Int, serves: Bool) async throws {
    var sender = sender.take()
    var receiver = receiver.take()
    for round in 0..<rounds {
      if serves { try await sender.send(Item(round)) }
      let number = try await receiver.next(timeout: .seconds(60))?.value.number
      guard number == round else { throw Wrong(message: round) }
      if !serves { try await sender.send(Item(round)) }
    }
  }
}
