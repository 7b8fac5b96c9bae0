import Glibc
import PsyneCore
import PsyneIPC
import Synchronization

/// The process that is to be killed: `psyne-kill-matrix victim DIRECTORY NAME SETTING ROLE LEDGER
/// NUMBER STEP ARRIVAL LIVES`. It stops itself at the ARRIVAL-th time it reaches STEP.
struct Victim {
  let arguments: [String]

  func run() throws {
    guard let setting = Setting(rawValue: arguments[2]), let role = Role(rawValue: arguments[3]),
      let number = Int(arguments[5]), let arrival = Int(arguments[7]), let lives = Int(arguments[8])
    else { fatalError("victim DIRECTORY NAME SETTING ROLE LEDGER NUMBER STEP ARRIVAL LIVES") }
    let registry = TransportRegistry([IPCTransport(directory: arguments[0])])
    let ledger = try Ledger(path: arguments[4])
    stop(at: arguments[6], arrival: arrival)
    // One that is to adopt what a dead one held must not take its end instead.
    let cycle = arrival == 0 || arguments[6] == "endAdopted" ? nil : 24
    let party = Party(ledger: ledger, cycle: cycle, isPaced: true)
    // Several lives: the channel is opened and left anew each time.
    for _ in 0..<lives where ledger[.stop] == 0 {
      let channel = try setting.open(registry, arguments[1])
      switch role {
      case .sender: try party.send(to: channel, as: number, rounds: lives > 1 ? 1 : .max)
      case .receiver: try party.receive(from: channel, rounds: lives > 1 ? 1 : .max)
      }
    }
  }

  private func stop(at name: String, arrival: Int) {
    #if PSYNE_STEPS
      guard let step = Step(rawValue: name) else { return }
      let arrivals = Mutex(0)
      unsafe Step.handler = { reached in
        // A claim is withdrawn where another was faster and took all: give others the time to.
        if step == .claimWithdrawn && reached == .claimConfirmed { usleep(300) }
        guard reached == step else { return }
        let isHere = arrivals.withLock { count in
          count += 1
          return count == arrival
        }
        if isHere { raise(SIGSTOP) }
      }
    #endif
  }
}
